/** Providers fail in every way they are known to: each recovers by itself, none delays another, no token is lost. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../test/builders.ts';
import { appleDevices, appleToken, browsers, googleDevices, Storm } from '../test/storm.ts';

const MINUTE_MS = 60_000;
/** A healthy provider's devices have it within this, on a busy machine, whatever the others do. */
const AT_ONCE_MS = 3_000;

let storm: Storm;
beforeAll(async () => {
  storm = await Storm.begin();
});
afterAll(() => storm.end());

interface Audience {
  readonly service: string;
  readonly apple: number[];
  readonly google: number[];
  readonly mozilla: number[];
  readonly chrome: number[];
}

let made = 0;
async function audience(each: number): Promise<Audience> {
  const service = await build.service(storm.database);
  const from = 1_000 * ++made;
  const join = (devices: Parameters<typeof build.audience>[2]) =>
    build.audience(storm.database, service, devices);
  return {
    service,
    apple: await join(appleDevices(each, from)),
    google: await join(googleDevices(each, from)),
    mozilla: await join(browsers(storm, storm.providers.mozilla, each)),
    chrome: await join(browsers(storm, storm.providers.google, each)),
  };
}

/** Publishes and returns when all of these devices have it; ms it took. */
async function published(service: string, devices: readonly number[], given: object = {}) {
  const id = await storm.publish(service, given);
  await expect
    .poll(() => storm.accepted(id, devices), { timeout: 20_000, interval: 50 })
    .toBe(devices.length);
  return { id, took: await storm.delay(id, devices) };
}

async function recovered(notifications: readonly number[], devices: readonly number[]): Promise<void> {
  for (const id of notifications) {
    await storm.passUntil(async () => (await storm.accepted(id, devices)) === devices.length);
    const log = await storm.log(id);
    const often = devices.filter(
      (device) => log.get(device)?.filter((one) => one === 'accepted').length !== 1,
    );
    expect(often).toEqual([]);
  }
  await storm.passUntil(async () => (await storm.waiting()) === 0);
  expect(await storm.parked()).toEqual({ ready: [], stats: [] });
  expect(await storm.gone(devices)).toEqual([]);
}

const everybody = ({ apple, google, mozilla, chrome }: Audience) => [
  ...apple,
  ...google,
  ...mozilla,
  ...chrome,
];
const butApple = ({ google, mozilla, chrome }: Audience) => [...google, ...mozilla, ...chrome];
const butGoogle = ({ apple, mozilla, chrome }: Audience) => [...apple, ...mozilla, ...chrome];

afterEach(() => {
  const { apns, fcm, mozilla, google } = storm.providers;
  apns.refuse(() => null);
  apns.stall(false);
  fcm.refuse(() => null);
  mozilla.deliver();
  google.deliver();
});

describe('while Apple is away for a minute', () => {
  it('refusing connections, the others have everything at once; its own devices afterwards, once, under one identity', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(30);
    await published(crowd.service, everybody(crowd));
    await apns.down();
    const ids: number[] = [];
    const began = storm.clock.now();
    while (storm.clock.now() - began < MINUTE_MS) {
      const { id, took } = await published(crowd.service, butApple(crowd));
      ids.push(id);
      expect(took).toBeLessThan(AT_ONCE_MS);
      storm.clock.jump(10_000);
    }
    await expect
      .poll(() => storm.parked(), { timeout: 10_000 })
      .toEqual({ ready: ['apns production'], stats: ['apns production'] });
    const before = apns.received.length;
    await apns.up();
    await recovered(ids, everybody(crowd));
    expect(apns.received.length - before).toBe(ids.length * crowd.apple.length);
    const identities = new Set(apns.received.slice(before).map(({ apnsId }) => apnsId));
    expect(identities.size).toBe(ids.length * crowd.apple.length);
  });

  it('stalling, then cutting the connections, a flood of others still goes out at once', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(3);
    await published(crowd.service, everybody(crowd));
    apns.stall(true);
    const flood = await Promise.all(Array.from({ length: 100 }, () => storm.publish(crowd.service)));
    const last = await published(crowd.service, butApple(crowd));
    const delays = await Promise.all(flood.map((id) => storm.delay(id, butApple(crowd))));
    // The first seconds of a silence cost places; what waits for Apple's time-out (10 s) would cost them all.
    expect(Math.max(...delays)).toBeLessThan(8_000);
    const next = await published(crowd.service, butApple(crowd));
    expect(next.took).toBeLessThan(AT_ONCE_MS);
    expect((await storm.parked()).ready).toEqual(['apns production']);
    apns.stall(false);
    apns.cut();
    await recovered([...flood, last.id, next.id], everybody(crowd));
  });

  it('cutting every connection at the first request, the others have it at once and its devices afterwards', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(55);
    await published(crowd.service, everybody(crowd));
    apns.refuse(() => {
      apns.cut();
      return { status: 503, reason: 'never said' };
    });
    const { id, took } = await published(crowd.service, butApple(crowd));
    expect(took).toBeLessThan(AT_ONCE_MS);
    await expect
      .poll(async () => (await storm.parked()).stats, { timeout: 20_000 })
      .toEqual(['apns production']);
    apns.refuse(() => null);
    await recovered([id], everybody(crowd));
  });

  it('what is not worth waiting that long expires, and reaches the others', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(2);
    await apns.down();
    const { id } = await published(crowd.service, butApple(crowd), { ttlSeconds: 30 });
    const states = async () => {
      const log = await storm.log(id);
      return crowd.apple.map((device) => log.get(device)?.at(-1));
    };
    await expect.poll(states, { timeout: 10_000 }).toEqual(['retry', 'retry']);
    await storm.passUntil(async () => (await states()).every((state) => state === 'expired'));
    await apns.up();
    const { id: next } = await published(crowd.service, butApple(crowd));
    await recovered([next], everybody(crowd));
  });

  it('a restart in the middle keeps the retries and knows what is parked', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(5);
    await apns.down();
    const { id } = await published(crowd.service, butApple(crowd));
    await expect.poll(async () => (await storm.parked()).ready, { timeout: 10_000 }).toHaveLength(1);
    await storm.restart();
    expect((await storm.parked()).ready).toEqual(['apns production']);
    expect(await storm.accepted(id, crowd.apple)).toBe(0);
    await apns.up();
    await recovered([id], everybody(crowd));
  });

  it('because of our credentials (403 for everybody): nothing is removed, and all have it afterwards', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(30);
    apns.refuse(() => ({ status: 403, reason: 'InvalidProviderToken' }));
    const { id, took } = await published(crowd.service, butApple(crowd));
    expect(took).toBeLessThan(AT_ONCE_MS);
    await expect.poll(async () => (await storm.parked()).stats).toEqual(['apns production']);
    apns.refuse(() => null);
    await recovered([id], everybody(crowd));
  });
});

describe('while Google asks us to wait', () => {
  it.each([
    ['seconds', () => '30'],
    ['a date', () => new Date(storm.clock.now() + 31_000).toUTCString()],
  ])(
    '429 with Retry-After as %s: not before, nobody else waits, all have it afterwards',
    async (_form, header) => {
      const { fcm } = storm.providers;
      const crowd = await audience(60);
      await published(crowd.service, everybody(crowd));
      const asked: number[] = [];
      let limited = true;
      let until = 0;
      fcm.refuse(() => {
        asked.push(storm.clock.now());
        if (!limited) return null;
        until = storm.clock.now() + 30_000;
        return { status: 429, errorCode: 'QUOTA_EXCEEDED', headers: { 'retry-after': header() } };
      });
      const first = await published(crowd.service, butGoogle(crowd));
      await expect.poll(async () => (await storm.parked()).ready).toEqual(['fcm']);
      limited = false;
      expect(asked).toHaveLength(60);
      const second = await published(crowd.service, butGoogle(crowd));
      expect(Math.max(first.took, second.took)).toBeLessThan(AT_ONCE_MS);
      await recovered([first.id, second.id], everybody(crowd));
      expect(asked).toHaveLength(180);
      expect(Math.min(...asked.slice(60))).toBeGreaterThanOrEqual(until - 1_000);
    },
  );
});

describe('while Google fails as a whole', () => {
  it.each([
    ['401 without FcmError', { status: 401, word: 'UNAUTHENTICATED' }],
    ['403 without FcmError', { status: 403, word: 'PERMISSION_DENIED' }],
    ['404 without FcmError', { status: 404, word: 'NOT_FOUND' }],
    ['an HTML page with 404', { status: 404, html: '<h1>404</h1>' }],
    ['an HTML page with 502', { status: 502, html: '<h1>Bad gateway</h1>' }],
    ['SENDER_ID_MISMATCH from everybody', { status: 403, errorCode: 'SENDER_ID_MISMATCH' }],
  ])('%s removes nobody and delays nobody else', async (name, refusal) => {
    const { fcm } = storm.providers;
    // A new process, so that nothing is known of the project yet.
    if (name.startsWith('SENDER')) await storm.restart();
    const crowd = await audience(55);
    fcm.refuse(() => refusal);
    const { id, took } = await published(crowd.service, butGoogle(crowd));
    expect(took).toBeLessThan(AT_ONCE_MS);
    await expect.poll(async () => (await storm.parked()).ready).toEqual(['fcm']);
    fcm.refuse(() => null);
    await recovered([id], everybody(crowd));
  });

  it('404 UNREGISTERED removes exactly those it is said of', async () => {
    const { fcm } = storm.providers;
    const crowd = await audience(10);
    const [dead] = googleDevices(1, made * 1_000 + 3);
    fcm.refuse((token) =>
      token === dead?.address ? { status: 404, errorCode: 'UNREGISTERED', word: 'NOT_FOUND' } : null,
    );
    const others = everybody(crowd).filter((device) => device !== crowd.google[3]);
    await published(crowd.service, others);
    await expect.poll(() => storm.gone(everybody(crowd))).toEqual([crowd.google[3]]);
  });
});

describe('while one push service of the browsers fails', () => {
  it('5xx: the other one and everybody else have it at once, and nobody is unsubscribed', async () => {
    const { mozilla } = storm.providers;
    const crowd = await audience(55);
    mozilla.answer(503, { 'retry-after': '20' });
    const others = [...crowd.apple, ...crowd.google, ...crowd.chrome];
    const { id, took } = await published(crowd.service, others);
    expect(took).toBeLessThan(AT_ONCE_MS);
    await expect
      .poll(() => storm.parked())
      .toEqual({ ready: [`webpush ${mozilla.origin}`], stats: [`webpush ${mozilla.origin}`] });
    mozilla.deliver();
    const before = mozilla.received.length;
    await recovered([id], everybody(crowd));
    expect(mozilla.received.length - before).toBe(crowd.mozilla.length);
    const topics = new Set(mozilla.received.slice(before).map(({ headers }) => headers.topic));
    expect(topics.size).toBe(1);
  });

  it.each([404, 410])('%i removes that subscription only', async (status) => {
    const { mozilla } = storm.providers;
    const crowd = await audience(5);
    const [row] = await storm.database.query<{ address: string }>(
      'select address from device where id = $1',
      [crowd.mozilla[2]],
    );
    mozilla.answerTo(row?.address ?? '', status);
    await published(
      crowd.service,
      everybody(crowd).filter((device) => device !== crowd.mozilla[2]),
    );
    await expect.poll(() => storm.gone(everybody(crowd))).toEqual([crowd.mozilla[2]]);
  });
});

describe('when everything fails at once', () => {
  it('Apple away, Google at its quota, one push service answering 5xx: the healthy one does not wait, all recover', async () => {
    const { apns, fcm, mozilla } = storm.providers;
    const crowd = await audience(55);
    await published(crowd.service, everybody(crowd));
    await apns.down();
    const quota = { status: 429, errorCode: 'QUOTA_EXCEEDED', headers: { 'retry-after': '30' } };
    fcm.refuse(() => quota);
    mozilla.answer(503);
    const ids: number[] = [];
    for (let second = 0; second < 60; second += 15) {
      const { id, took } = await published(crowd.service, crowd.chrome);
      expect(took).toBeLessThan(AT_ONCE_MS);
      ids.push(id);
      storm.clock.jump(15_000);
    }
    const away = ['apns production', 'fcm', `webpush ${mozilla.origin}`];
    await expect.poll(() => storm.parked(), { timeout: 10_000 }).toEqual({ ready: away, stats: away });
    await apns.up();
    fcm.refuse(() => null);
    mozilla.deliver();
    await recovered(ids, everybody(crowd));
  });
});

describe('a token Apple calls dead', () => {
  it('410 goes by the time of the registration: older keeps the device, newer removes it', async () => {
    const { apns } = storm.providers;
    const crowd = await audience(3);
    const from = made * 1_000;
    const since = new Map([
      [appleToken(from), storm.clock.now() - 3_600_000],
      [appleToken(from + 1), storm.clock.now() + 1_000],
    ]);
    apns.refuse((token) => {
      const timestamp = since.get(token);
      return timestamp === undefined ? null : { status: 410, reason: 'Unregistered', timestamp };
    });
    const [, newer] = crowd.apple;
    const others = everybody(crowd).filter((device) => !crowd.apple.slice(0, 2).includes(device));
    await published(crowd.service, others);
    await expect.poll(() => storm.gone(everybody(crowd))).toEqual([newer]);
  });

  it('BadDeviceToken removes it in its own environment, and never because of the other one', async () => {
    const { apns, sandbox } = storm.providers;
    const service = await build.service(storm.database);
    const bad = { status: 400, reason: 'BadDeviceToken' };
    const from = 1_000 * ++made;
    const inSandbox = [appleToken(from + 10), appleToken(from + 20)];
    apns.refuse((token) =>
      [appleToken(from + 1), ...inSandbox, appleToken(from + 30)].includes(token) ? bad : null,
    );
    sandbox.refuse((token) => (inSandbox.includes(token) ? null : bad));
    const join = (devices: Parameters<typeof build.audience>[2]) =>
      build.audience(storm.database, service, devices);
    const [healthy = 0, dead = 0] = await join(appleDevices(2, from));
    const [saysSandbox = 0] = await join(appleDevices(1, from + 10, 'sandbox'));
    const [unknownSandbox = 0] = await join(appleDevices(1, from + 20, ''));
    const [unknownDead = 0] = await join(appleDevices(1, from + 30, ''));
    const all = [healthy, dead, saysSandbox, unknownSandbox, unknownDead];
    // Something good first: then Apple is known to take what is ours.
    await published(service, [healthy, saysSandbox, unknownSandbox]);
    await published(service, [healthy, saysSandbox, unknownSandbox]);
    await expect.poll(() => storm.gone(all)).toEqual([dead]);
    const environments = await storm.database.query<{ id: number; environment: string }>(
      'select id, environment from device where id = any($1::bigint[]) order by id',
      [[unknownSandbox, unknownDead]],
    );
    expect(environments.map(({ environment }) => environment)).toEqual(['sandbox', '']);
    expect((await storm.parked()).ready).toEqual([]);
    sandbox.refuse(() => null);
  });
});

it('the server complained about nothing', () => {
  expect(storm.complaints).toEqual([]);
});
