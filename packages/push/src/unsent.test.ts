import { describe, expect, it } from 'vitest';
import type { Http2Client } from './http2/index.ts';
import { type Outcome, retry } from './outcome.ts';
import { Unsent } from './unsent.ts';

function clientThat(connect: () => Promise<void>): Http2Client {
  return {
    connect,
    send: () => Promise.resolve(),
    renew: () => undefined,
    close: () => Promise.resolve(),
  };
}

const reachable = clientThat(() => Promise.resolve());
const away = clientThat(() => Promise.reject(new Error('ECONNREFUSED')));

async function outcomesWith(client: Http2Client): Promise<Outcome[]> {
  const unsent = new Unsent();
  const outcomes: Outcome[] = [];
  const keep = (index: number, outcome: Outcome) => {
    outcomes[index] = outcome;
  };
  unsent.add(0, { certainty: 'unknown', reason: 'the connection was lost' }, keep);
  unsent.add(1, { certainty: 'unprocessed', reason: 'REFUSED_STREAM' }, keep);
  await unsent.answer(client, keep);
  return outcomes;
}

describe('a request without an answer', () => {
  it('REFUSED_STREAM requeue: is only this device while the provider takes connections', async () => {
    expect(await outcomesWith(reachable)).toEqual([
      retry('the connection was lost'),
      retry('REFUSED_STREAM'),
    ]);
  });

  it('parks the provider when it takes no connection, but not for what it may have processed', async () => {
    expect(await outcomesWith(away)).toEqual([
      retry('the connection was lost'),
      retry('ECONNREFUSED', null, 'provider'),
    ]);
  });

  it('costs nothing when there is none', async () => {
    const neverAsked = clientThat(() => Promise.reject(new Error('asked')));
    await expect(new Unsent().answer(neverAsked, () => undefined)).resolves.toBeUndefined();
  });
});
