import { ACCEPTED, type Batch, type Notification, type Outcome, retry, type Transport } from '@tocsin/push';
import { describe, expect, it } from 'vitest';
import { type Parking, withParking } from './parking.ts';

const notification = { id: 1, title: 'T' } as Notification;

function batchOf(...addresses: string[]): Batch {
  return {
    notification,
    app: '',
    addresses,
    credentials: addresses.map(() => ''),
    deviceIds: addresses.map((_, index) => index + 1),
    badges: addresses.map(() => -1),
    receiptTokens: addresses.map(() => ''),
  };
}

function parked(answer: (address: string) => Outcome, known: readonly Parking[] = []) {
  let now = 1_000_000;
  const sent: string[] = [];
  const events: string[] = [];
  const inner: Transport = {
    kind: 'webpush',
    checkAddress: () => null,
    open: async () => undefined,
    close: async () => undefined,
    async send(batch, onOutcome) {
      batch.addresses.forEach((address, index) => {
        sent.push(address);
        onOutcome(index, answer(address));
      });
    },
  };
  const transport = withParking(inner, {
    clock: () => now,
    providerOf: (address) => address.split('/')[0] ?? '',
    known,
    onParked: (parking: Parking) => events.push(`parked ${parking.provider} ${parking.parkedUntil - now}`),
    onRecovered: (provider) => events.push(`recovered ${provider}`),
  });
  const send = async (...addresses: string[]) => {
    const outcomes: Outcome[] = [];
    await transport.send(batchOf(...addresses), (index, outcome) => {
      expect(outcomes[index]).toBeUndefined();
      outcomes[index] = outcome;
    });
    return outcomes;
  };
  return { send, sent, events, advance: (ms: number) => (now += ms), transport };
}

describe('parking a failing provider', () => {
  it('sends nothing to it until the time is over, then probes and recovers', async () => {
    let down = true;
    const peer = parked(() => (down ? retry('connection refused', null, 'provider') : ACCEPTED));
    await peer.send('a/1', 'a/2', 'a/3');
    expect(peer.sent).toHaveLength(3);
    expect(peer.events).toEqual(['parked a 1000']);
    const [answer] = await peer.send('a/4');
    expect(answer).toEqual(retry('parked: connection refused', 1000, 'provider'));
    expect(peer.sent).toHaveLength(3);
    peer.advance(1_000);
    await peer.send('a/4');
    expect(peer.events.at(-1)).toBe('parked a 2000');
    down = false;
    peer.advance(2_000);
    expect(await peer.send('a/4')).toEqual([ACCEPTED]);
    expect(peer.events.at(-1)).toBe('recovered a');
    expect(peer.transport.parkings()).toEqual([]);
  });

  it('lets the others pass, with every answer at its own index', async () => {
    const peer = parked((address) => (address.startsWith('bad') ? retry('503', null, 'provider') : ACCEPTED));
    await peer.send('bad/1');
    const outcomes = await peer.send('good/1', 'bad/2', 'good/2');
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'retry', 'accepted']);
    expect(peer.sent).toEqual(['bad/1', 'good/1', 'good/2']);
  });

  it('waits as long as the provider asked for', async () => {
    const peer = parked(() => retry('quota', 90_000, 'provider'));
    await peer.send('a/1');
    expect(peer.events).toEqual(['parked a 90000']);
  });

  it('parks after many answers "later" in a row, but not for single devices', async () => {
    const peer = parked((address) => (address.endsWith('ok') ? ACCEPTED : retry('500')));
    for (let i = 0; i < 49; i++) await peer.send(`a/${i}`);
    await peer.send('a/ok');
    expect(peer.events).toEqual([]);
    for (let i = 0; i < 50; i++) await peer.send(`a/${i}`);
    expect(peer.events).toEqual(['parked a 1000']);
  });

  it('begins with what an earlier process parked, and probes it before the rest goes out', async () => {
    const peer = parked(
      () => ACCEPTED,
      [{ provider: 'a', reason: 'down', failures: 3, parkedAt: 990_000, parkedUntil: 1_001_000 }],
    );
    expect(peer.transport.parkings()).toHaveLength(1);
    expect(await peer.send('a/1', 'b/1')).toEqual([retry('parked: down', 1000, 'provider'), ACCEPTED]);
    peer.advance(1_001);
    expect(await peer.send('a/1')).toEqual([ACCEPTED]);
    expect(peer.events).toEqual(['recovered a']);
    expect(peer.transport.parkings()).toEqual([]);
  });
});
