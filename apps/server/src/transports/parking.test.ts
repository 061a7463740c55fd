import {
  ACCEPTED,
  type Batch,
  type Notification,
  type Outcome,
  refused,
  retry,
  type Transport,
} from '@tocsin/push';
import { describe, expect, it } from 'vitest';
import type { Parking } from './health.ts';
import { withParking } from './parking.ts';

const notification = { id: 1, title: 'T' } as Notification;

function batchOf(...addresses: string[]): Batch {
  return {
    notification,
    app: '',
    environment: '',
    addresses,
    credentials: addresses.map(() => ''),
    deviceIds: addresses.map((_, index) => index + 1),
    badges: addresses.map(() => -1),
    receiptTokens: addresses.map(() => ''),
  };
}

function parked(answer: (address: string) => Outcome | Promise<Outcome>, known: readonly Parking[] = []) {
  let now = 1_000_000;
  const sent: string[] = [];
  const events: string[] = [];
  const inner: Transport = {
    kind: 'webpush',
    checkAddress: ({ address }) => (address.endsWith('?') ? 'no address' : null),
    open: async () => undefined,
    close: async () => undefined,
    async send(batch, onOutcome) {
      await Promise.all(
        batch.addresses.map(async (address, index) => {
          sent.push(address);
          const outcome = answer(address);
          onOutcome(index, outcome instanceof Promise ? await outcome : outcome);
        }),
      );
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

  it('honours Retry-After also when it was the many answers that parked it', async () => {
    const peer = parked(() => retry('QUOTA_EXCEEDED', 30_000));
    await peer.send(...Array.from({ length: 50 }, (_, index) => `a/${index}`));
    expect(peer.events).toEqual(['parked a 30000']);
    peer.advance(29_999);
    expect(await peer.send('a/next')).toEqual([retry('parked: QUOTA_EXCEEDED', 1, 'provider')]);
    expect(peer.sent).toHaveLength(50);
  });

  it('does not take it for back because we ourselves refused an address', async () => {
    const peer = parked((address) =>
      address.endsWith('?') ? refused('no address') : retry('away', null, 'provider'),
    );
    await peer.send('a/1');
    peer.advance(1_000);
    await peer.send('a/?', 'a/2');
    expect(peer.events).toEqual(['parked a 1000', 'parked a 2000']);
  });

  it('sends nothing more to one that has fallen silent, the later the longer, until it answers', async () => {
    let answerAll: (outcome: Outcome) => void = () => undefined;
    const answered = new Promise<Outcome>((resolve) => {
      answerAll = resolve;
    });
    const peer = parked((address) => (address.startsWith('a') ? answered : ACCEPTED));
    const first = peer.send('a/1');
    peer.advance(2_999);
    const second = peer.send('a/2');
    peer.advance(1);
    const silent = 'parked: no answer for 3000 ms';
    expect(await peer.send('a/3', 'b/1')).toEqual([retry(silent, 1_000, 'provider'), ACCEPTED]);
    peer.advance(3_000);
    expect(await peer.send('a/4')).toEqual([retry(silent, 6_000, 'provider')]);
    peer.advance(60_000);
    expect(await peer.send('a/4')).toEqual([retry(silent, 10_000, 'provider')]);
    answerAll(ACCEPTED);
    await Promise.all([first, second]);
    expect(peer.events).toEqual(['parked a 1000', 'recovered a']);
    expect(await peer.send('a/5')).toEqual([ACCEPTED]);
  });

  it('lets one batch at a time try a parked provider', async () => {
    let answerAll: (outcome: Outcome) => void = () => undefined;
    const answered = new Promise<Outcome>((resolve) => {
      answerAll = resolve;
    });
    const known = [{ provider: 'a', reason: 'down', failures: 1, parkedAt: 0, parkedUntil: 0 }];
    const peer = parked(() => answered, known);
    const probe = peer.send('a/1');
    expect(await peer.send('a/2')).toEqual([retry('parked: down', 1_000, 'provider')]);
    answerAll(ACCEPTED);
    expect(await probe).toEqual([ACCEPTED]);
    expect(await peer.send('a/2')).toEqual([ACCEPTED]);
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
