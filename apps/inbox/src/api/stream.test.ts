import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anItem } from '../../test/builders.ts';
import { type FakeServer, startFakeServer } from '../../test/fake-server.ts';
import { followStream, type Stream, type StreamOptions } from './stream.ts';

let server: FakeServer;
let stream: Stream;
let seen: string[];
beforeEach(async () => {
  server = await startFakeServer();
  seen = [];
});
afterEach(async () => {
  stream.stop();
  await server.close();
});

function follow(token: string): void {
  const options: StreamOptions = {
    origin: server.origin,
    token,
    random: () => 0,
    onOpen: () => seen.push('open'),
    onEvents: (events) => seen.push(...events.map(({ type, id }) => `${type} ${id}`)),
    onLost: () => seen.push('lost'),
    onTokenRefused: (code) => seen.push(code),
  };
  stream = followStream(options);
}

const untilSeen = (entry: string) => vi.waitFor(() => expect(seen).toContain(entry), { timeout: 5_000 });

test('what is published arrives', async () => {
  follow('fake-token');
  await untilSeen('open');
  server.publish(anItem({ id: 5 }));
  await untilSeen('notification 5');
});

test('a connection that broke is made again and resumes after the last event', async () => {
  follow('fake-token');
  await untilSeen('open');
  server.publish(anItem({ id: 5 }));
  await untilSeen('notification 5');
  server.dropStreams();
  await untilSeen('lost');
  stream.retryNow();
  await vi.waitFor(() => expect(server.streamStarts).toEqual([null, '5']), { timeout: 5_000 });
});

test('a refused token is reported', async () => {
  follow('stale');
  await untilSeen('not-authenticated');
});

test('after stop nothing is tried again', async () => {
  follow('fake-token');
  await untilSeen('open');
  stream.stop();
  server.dropStreams();
  stream.retryNow();
  await server.close();
  expect(seen).toEqual(['open']);
  expect(server.streamStarts).toEqual([null]);
});
