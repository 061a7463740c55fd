/** One of everything, made anew for each question of the access matrix: what an answer changes, the next does not see. */
import { randomUUID } from 'node:crypto';
import * as build from '../../../../test/builders.ts';
import type { V3Server } from '../../../../test/v3-server.ts';
import { makeKey } from '../../../identity/keys.ts';
import { storeToken } from '../../../store/login-token.ts';

export const CALLERS = [
  'anonymous',
  'user',
  'other',
  'owner',
  'auditor',
  'admin',
  // Keys of the administrator, of the user, and of the service.
  'key:publish',
  'key:signal',
  'key:read',
  'key:admin',
  'user-key:read',
  'user-key:admin',
  'service-key',
] as const;
export type CallerName = (typeof CALLERS)[number];

export interface Scene {
  /** Values for the placeholders of paths. */
  readonly ids: Readonly<Record<string, string>>;
  /** What to send as `Authorization`. */
  readonly token: string | undefined;
}

type People = Record<'user' | 'other' | 'owner' | 'auditor' | 'admin' | 'target', number>;

export async function createScene(server: V3Server, caller: CallerName): Promise<Scene> {
  const { database } = server;
  const people = await createPersons(server);
  const serviceId = await build.service(database, { publishPolicy: 'key' });
  const serviceKey = await build.serviceKey(database, serviceId);
  await database.query('insert into service_owner values ($1, $2)', [serviceId, people.owner]);
  await build.subscribe(database, serviceId, people.user);
  const groupId = await createGroup(server);
  const [deviceId, theirDevice] = [
    await build.device(database, { userId: people.user }),
    await build.device(database, { userId: people.target }),
  ];
  const ids = {
    serviceId,
    groupId: String(groupId),
    userId: String(people.target),
    otherUserId: String(people.other),
    deviceId: String(deviceId),
    theirDeviceId: String(theirDevice),
    notificationId: String(await createNotification(server, serviceId, people.user)),
    sessionId: (await login(server, people.user, 'user')).id,
    theirSessionId: (await login(server, people.target, 'target')).id,
    keyId: String((await personalKey(server, people.user, ['read'])).id),
    theirKeyId: String((await personalKey(server, people.target, ['read'])).id),
    serviceKeyId: String(await idOfServiceKey(server, serviceId)),
    provider: 'apns',
    name: `x${randomUUID()}`,
  };
  return { ids, token: await tokenOf(server, caller, people, serviceKey) };
}

async function createPersons({ database }: V3Server): Promise<People> {
  const [user, other, owner, auditor, admin, target] = await Promise.all([
    build.user(database),
    build.user(database),
    build.user(database),
    build.user(database),
    build.user(database, { isAdmin: true }),
    build.user(database),
  ]);
  await database.query('update user_account set is_auditor = true where id = $1', [auditor]);
  return { user, other, owner, auditor, admin, target };
}

async function createGroup({ database }: V3Server): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    'insert into user_group (name) values ($1) returning id',
    [randomUUID()],
  );
  return row?.id ?? 0;
}

async function createNotification(
  { database }: V3Server,
  serviceId: string,
  userId: number,
): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    `insert into notification (uuid, service_id, title, ttl_seconds, source, created_at) values ($1, $2, 't', 1, 'tests', now()) returning id`,
    [randomUUID(), serviceId],
  );
  await database.query('insert into inbox (user_id, notification_id) values ($1, $2)', [userId, row?.id]);
  return row?.id ?? 0;
}

async function login({ database, tokens, clock }: V3Server, userId: number, username: string) {
  const { token, tokenId, expiresAt } = tokens.issue(username, clock.now());
  const createdAt = new Date(clock.now());
  await storeToken(database, { id: tokenId, userId, createdAt, expiresAt, device: '', address: '' });
  return { id: tokenId, token };
}

async function personalKey({ database }: V3Server, userId: number, scopes: readonly string[]) {
  const { text, prefix, hash } = makeKey('personal');
  const [row] = await database.query<{ id: number }>(
    `insert into access_key (user_id, name, prefix, hash, scopes, created_at) values ($1, 'k', $2, $3, $4, now()) returning id`,
    [userId, prefix, hash, scopes],
  );
  return { id: row?.id ?? 0, text };
}

async function idOfServiceKey({ database }: V3Server, serviceId: string): Promise<number> {
  const [row] = await database.query<{ id: number }>('select id from access_key where service_id = $1', [
    serviceId,
  ]);
  return row?.id ?? 0;
}

async function tokenOf(server: V3Server, caller: CallerName, people: People, serviceKey: string) {
  if (caller === 'anonymous') return undefined;
  if (caller === 'service-key') return serviceKey;
  const [whose, scope] = caller.split(':');
  if (scope !== undefined)
    return (await personalKey(server, whose === 'key' ? people.admin : people.user, [scope])).text;
  return (await login(server, people[caller as keyof People], caller)).token;
}
