import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type EventStream, openStream } from '../../../test/event-stream.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

const KEEP_ALIVE_MS = 50;
const MOST_BUFFERED_BYTES = 64 * 1024;
const PATIENCE_MS = 1_000;
const A_MONTH_MS = 31 * 86_400_000;

let server: V3Server;
beforeAll(async () => {
  server = await startV3Server({
    api: {
      stream: { keepAliveMs: KEEP_ALIVE_MS, mostBufferedBytes: MOST_BUFFERED_BYTES, patienceMs: PATIENCE_MS },
    },
  });
});
afterAll(() => server.stop());

let turn = 0;
let username: string;
let user: Person;
let service: string;
const opened: EventStream[] = [];
beforeEach(async () => {
  username = `user${++turn}`;
  user = await server.signedIn(username);
  service = await build.service(server.database);
  await build.subscribe(server.database, service, user.id);
});
afterEach(() => {
  for (const stream of opened.splice(0)) stream.stop();
});

const open = async (lastId?: number | string, token = user.token) => {
  const stream = await openStream(server.origin, token, lastId === undefined ? undefined : String(lastId));
  opened.push(stream);
  return stream;
};
const publish = async (title = 'T', body = '') => {
  const json = { title, body };
  const answer = await server.call('POST', `/services/${service}/notifications`, { json });
  return (answer.json as { id: number }).id;
};
/** As a fan-out leaves it whose turn has not come: in the queue, and in nobody's inbox. */
const acceptedButNotWritten = async (serviceId: string) => {
  const answer = await server.call('POST', `/services/${serviceId}/notifications`, {
    json: { title: 'late' },
  });
  const { id } = answer.json as { id: number };
  await server.database.query(
    `insert into chunk (notification_id, notification_created_at, audience, from_user, to_user, priority, run_at)
     select id, created_at, 'range', 0, 9, 1, now() from notification where id = $1`,
    [id],
  );
  return id;
};
const written = async (id: number) => {
  await server.database.query('insert into inbox (user_id, notification_id) values ($1, $2)', [user.id, id]);
  await server.database.query('delete from chunk where notification_id = $1', [id]);
};
const idsOf = ({ events }: EventStream) => events.map(({ id }) => Number(id));
const listeners = async (count: number) => {
  while (server.live.listeners !== count) await new Promise(setImmediate);
};

describe('what happens while it is open', () => {
  it('a notification comes as it stands in the inbox, with its id', async () => {
    const stream = await open();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    const id = await publish('line one\nline two\u2028and three');
    await stream.until(() => stream.events.length > 0);
    const item = await server.call('GET', `/inbox/${id}`, { token: user.token });
    expect(stream.events).toEqual([{ event: 'notification', id: String(id), data: item.json }]);
  });

  it('nothing of somebody else, and nothing from before', async () => {
    await publish('before');
    const stream = await open();
    const other = await server.signedIn(`other${turn}`);
    const elsewhere = await build.service(server.database);
    await build.subscribe(server.database, elsewhere, other.id);
    await server.call('POST', `/services/${elsewhere}/notifications`, { json: { title: 'not yours' } });
    const mine = await publish('yours');
    await stream.until(() => stream.events.length > 0);
    expect(idsOf(stream)).toEqual([mine]);
  });

  it('marks made elsewhere', async () => {
    const id = await publish();
    const stream = await open();
    await server.call('PATCH', `/inbox/${id}`, { token: user.token, json: { status: 'read' } });
    await server.call('POST', '/inbox/mark-all-read', { token: user.token });
    await stream.until(() => stream.events.length === 2);
    expect(stream.events.map(({ event, id: last, data }) => [event, last, data])).toEqual([
      ['inbox', null, { id, status: 'read' }],
      ['inbox', null, { id: null, status: 'read' }],
    ]);
  });

  it('each of many streams gets each of many notifications once, in order', async () => {
    const streams = await Promise.all([open(), open(), open()]);
    const ids = await Promise.all(Array.from({ length: 50 }, () => publish()));
    for (const stream of streams) {
      await stream.until(() => stream.events.length >= ids.length);
      expect([...idsOf(stream)].sort((a, b) => a - b)).toEqual([...ids].sort((a, b) => a - b));
    }
  });
});

describe('resuming', () => {
  it('after Last-Event-ID misses nothing and doubles nothing', async () => {
    const first = await open();
    const seen = await publish('seen');
    await first.until(() => first.events.length === 1);
    first.stop();
    const missed = [await publish('missed 1'), await publish('missed 2')];
    const second = await open(seen);
    const later = await publish('live again');
    await second.until(() => second.events.length >= 3);
    expect(idsOf(second)).toEqual([...missed, later]);
  });

  it('gives everything after 0, however much it is', async () => {
    const ids = await Promise.all(Array.from({ length: 620 }, () => publish()));
    const stream = await open(0);
    await stream.until(() => stream.events.length >= ids.length);
    expect(idsOf(stream)).toEqual([...ids].sort((a, b) => a - b));
  });

  it('leaves out what was deleted meanwhile', async () => {
    const [gone, kept] = [await publish(), await publish()];
    await server.call('PATCH', `/inbox/${gone}`, { token: user.token, json: { status: 'deleted' } });
    const stream = await open(0);
    await stream.until(() => stream.events.length > 0);
    expect(idsOf(stream)).toEqual([kept]);
  });

  it('under load, cut again and again, ends with every notification exactly once', async () => {
    const received: number[] = [];
    let last = 0;
    const all: Promise<number>[] = [];
    for (let round = 0; round < 6; round++) {
      const stream = await open(last);
      for (let count = 0; count < 10; count++) all.push(publish());
      await stream.until(() => stream.events.length >= 5);
      stream.stop();
      await stream.ended;
      received.push(...idsOf(stream));
      last = Math.max(last, ...idsOf(stream));
      await Promise.all(all);
    }
    const rest = await open(last);
    const ids = await Promise.all(all);
    await rest.until(() => received.length + rest.events.length >= ids.length);
    received.push(...idsOf(rest));
    expect(received.sort((a, b) => a - b)).toEqual(ids.sort((a, b) => a - b));
  });

  it.each(['while it is open', 'after a cut'])(
    'a large audience that is written late comes once, %s',
    async (when) => {
      const elsewhere = await build.service(server.database);
      const first = await open();
      const late = await acceptedButNotWritten(elsewhere);
      const early = await publish('small audience');
      await first.until(() => first.events.length === 1);
      const position = first.events[0]?.id ?? '';
      expect(position).toMatch(new RegExp(`^${early};`));
      if (when === 'after a cut') first.stop();
      await written(late);
      const second = when === 'after a cut' ? await open(position) : first;
      const last = await publish('after it');
      await second.until(() => second.events.some(({ data }) => data.id === last));
      const ids = second.events.map(({ data }) => data.id);
      expect(ids).toEqual(when === 'after a cut' ? [late, last] : [early, late, last]);
      expect(second.events.at(-1)?.id).toBe(String(last));
    },
  );

  it('who begins to listen meanwhile gets it too, and nothing from before', async () => {
    const elsewhere = await build.service(server.database);
    const late = await acceptedButNotWritten(elsewhere);
    await publish('before');
    const stream = await open();
    await written(late);
    const last = await publish('after it');
    await stream.until(() => stream.events.length >= 2);
    expect(stream.events.map(({ data }) => data.id)).toEqual([late, last]);
  });

  it.each(['x', '-1', '1.5', '1;', '1;2', ';1;', '1;2;3,', '9999999999999999'])(
    'refuses the Last-Event-ID %j',
    async (lastId) => {
      const headers = { 'last-event-id': lastId };
      const answer = await server.call('GET', '/stream', { token: user.token, headers });
      expect(answer.json).toMatchObject({ status: 422, field: 'header.last-event-id' });
    },
  );
});

describe('its end', () => {
  it('it says that it is still there when nothing happens', async () => {
    const stream = await open();
    let beats = 0;
    await stream.until(() => ++beats > 0 && stream.text().includes(': still here\n\n'));
    expect(stream.text()).toMatch(/^retry: 1000\n\n/);
  });

  it.each([
    ['signing out', () => server.call('DELETE', '/sessions/current', { token: user.token })],
    ['signing out everywhere', () => server.call('DELETE', '/sessions', { token: user.token })],
  ])('%s ends it at once, and nothing more is said', async (_name, signOut) => {
    const stream = await open();
    await signOut();
    await stream.ended;
    await publish();
    expect(stream.events).toEqual([]);
    await listeners(0);
  });

  it('signing out on one device leaves the stream of the other open', async () => {
    const other = await server.signedIn(username);
    const [mine, theirs] = [await open(), await open(undefined, other.token)];
    await server.call('DELETE', '/sessions/current', { token: user.token });
    await mine.ended;
    await publish();
    await theirs.until(() => theirs.events.length === 1);
  });

  it.each([
    [
      'the account is deactivated',
      () => server.database.query('update user_account set is_active = false where id = $1', [user.id]),
    ],
    [
      'the account is deleted',
      () => server.database.query('delete from user_account where id = $1', [user.id]),
    ],
  ])('it ends at the next look when %s', async (_name, happen) => {
    const stream = await open();
    await happen();
    server.live.checkLogins();
    await stream.ended;
  });

  it('a login that expires ends it at the next look', async () => {
    const stream = await open();
    server.clock.advance(A_MONTH_MS);
    server.live.checkLogins();
    await stream.ended;
    server.clock.advance(-A_MONTH_MS);
  });

  it('a reader that is gone is no longer listened for', async () => {
    const stream = await open();
    await listeners(1);
    stream.stop();
    await listeners(0);
  });

  it('more than the buffer holds reaches a reader that reads, all of it, live and when it resumes', async () => {
    const live = await open();
    const ids = await Promise.all(Array.from({ length: 40 }, () => publish('T', 'x'.repeat(30_000))));
    const resumed = await open(0);
    for (const stream of [live, resumed]) {
      await stream.until(() => stream.events.length >= ids.length);
      expect(idsOf(stream)).toEqual([...ids].sort((a, b) => a - b));
    }
  });

  it('a reader that does not read is cut off, and the others go on', async () => {
    const lazy = connect(server.port, '127.0.0.1');
    await once(lazy, 'connect');
    lazy.write(`GET /api/v3/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\n\r\n`);
    lazy.pause();
    await listeners(1);
    const reader = await open();
    let published = 0;
    while (server.live.listeners === 2) {
      await Promise.all(Array.from({ length: 20 }, () => publish('T', 'x'.repeat(30_000))));
      published += 20;
      await reader.until(() => reader.events.length === published);
      // Past the overlap, or the hub would look through all of it every time.
      server.clock.advance(11_000);
    }
    lazy.destroy();
  });

  it('needs a login', async () => {
    expect((await server.call('GET', '/stream')).json).toMatchObject({ code: 'not-authenticated' });
  });

  it('is not followed by a HEAD, which would listen for ever in vain', async () => {
    const answer = await server.call('HEAD', '/stream', { token: user.token });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
  });
});
