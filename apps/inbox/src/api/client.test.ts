import { afterEach, beforeEach, expect, test } from 'vitest';
import { anItem, aService } from '../../test/builders.ts';
import { type FakeServer, startFakeServer } from '../../test/fake-server.ts';
import { createApi } from './client.ts';
import type { FailureCode } from './failure.ts';

let server: FakeServer;
let refused: FailureCode[];
beforeEach(async () => {
  server = await startFakeServer();
  refused = [];
});
afterEach(() => server.close());

const apiWith = (token: string | null) =>
  createApi({
    origin: server.origin,
    token,
    isSignedIn: token !== null,
    onTokenRefused: (code) => refused.push(code),
  });
const signedIn = async () => apiWith((await apiWith(null).signIn('anna', 'correct')).token ?? null);

test('a wrong password is a failure with the code of the error table, and ends no login', async () => {
  await expect(apiWith(null).signIn('anna', 'wrong')).rejects.toMatchObject({ code: 'wrong-credentials' });
  expect(refused).toEqual([]);
});

test('a deactivated account is told apart from a wrong password', async () => {
  await expect(apiWith(null).signIn('former', 'correct')).rejects.toMatchObject({ code: 'inactive-user' });
});

test('a server that does not answer is unreachable', async () => {
  server.failWith = 'no-answer';
  await expect(apiWith(null).signIn('anna', 'correct')).rejects.toMatchObject({ code: 'unreachable' });
});

test('a token that is refused ends the login', async () => {
  await expect(apiWith('stale').services()).rejects.toMatchObject({ code: 'not-authenticated' });
  expect(refused).toEqual(['not-authenticated']);
});

test('other refusals keep the login', async () => {
  const api = await signedIn();
  server.failWith = { status: 503, code: 'busy' };
  await expect(api.services()).rejects.toMatchObject({ code: 'busy' });
  expect(refused).toEqual([]);
});

test('subscribing and unsubscribing change the service', async () => {
  const service = aService({ isSubscribed: false });
  server.services.push(service);
  const api = await signedIn();
  await api.setSubscription(service.id, true);
  expect((await api.services())[0]?.isSubscribed).toBe(true);
  await api.setSubscription(service.id, false);
  expect((await api.services())[0]?.isSubscribed).toBe(false);
});

test('the inbox is read page by page', async () => {
  for (let id = 60; id > 0; id--) server.inbox.push(anItem({ id }));
  const api = await signedIn();
  const first = await api.inbox(null);
  const second = await api.inbox(first.nextCursor);
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(server.inbox.map(({ id }) => id));
  expect(second.nextCursor).toBeNull();
});

test('a browser is registered with both of its keys', async () => {
  const api = await signedIn();
  await api.registerDevice({ endpoint: 'https://push.example/1', p256dh: 'P', auth: 'A', name: 'Firefox' });
  expect(server.devices).toEqual([
    {
      kind: 'webpush',
      address: 'https://push.example/1',
      credential: 'P.A',
      app: 'inbox',
      name: 'Firefox',
    },
  ]);
});
