/** Small builders: each inserts one thing with sensible values and returns what a test needs of it. */
import { randomUUID } from 'node:crypto';
import type { DeviceKind } from '@tocsin/push';
import { makeKey } from '../src/identity/keys.ts';
import type { Queryable } from '../src/store/database.ts';

let counter = 0;
const unique = () => `${Date.now().toString(36)}${(counter++).toString(36)}`;

async function one<Row extends object>(database: Queryable, text: string, values: unknown[]): Promise<Row> {
  const [row] = await database.query<Row>(text, values);
  if (!row) throw new Error('the builder inserted nothing');
  return row;
}

export async function user(
  database: Queryable,
  given: { username?: string; isAdmin?: boolean; isActive?: boolean } = {},
): Promise<number> {
  const row = await one<{ id: number }>(
    database,
    `insert into user_account (username, is_admin, is_active, login_expires_at) values ($1, $2, $3, now() + interval '30 days') returning id`,
    [given.username ?? `user${unique()}`, given.isAdmin ?? false, given.isActive ?? true],
  );
  return row.id;
}

export async function service(
  database: Queryable,
  given: { category?: string; publishPolicy?: string } = {},
): Promise<string> {
  const row = await one<{ id: string }>(
    database,
    `insert into service (id, category, color, owner, publish_policy) values ($1, $2, '1f77b4', 'tests', $3) returning id`,
    [randomUUID(), given.category ?? `service ${unique()}`, given.publishPolicy ?? 'open'],
  );
  return row.id;
}

export async function subscribe(database: Queryable, serviceId: string, userId: number): Promise<void> {
  await database.query('insert into subscription (service_id, user_id) values ($1, $2)', [serviceId, userId]);
}

export interface GivenDevice {
  readonly userId: number;
  readonly kind?: DeviceKind;
  readonly address?: string;
  readonly credential?: string;
  readonly app?: string;
  readonly environment?: string;
}

export async function device(database: Queryable, given: GivenDevice): Promise<number> {
  const row = await one<{ id: number }>(
    database,
    'insert into device (user_id, kind, address, credential, app, environment) values ($1, $2, $3, $4, $5, $6) returning id',
    [
      given.userId,
      given.kind ?? 'apns',
      given.address ?? unique(),
      given.credential ?? '',
      given.app ?? 'tests',
      given.environment ?? '',
    ],
  );
  return row.id;
}

/** Devices of people who subscribe to a service, one each; their numbers in the same order. */
export function audience(
  database: Queryable,
  serviceId: string,
  devices: readonly Omit<GivenDevice, 'userId'>[],
): Promise<number[]> {
  return Promise.all(
    devices.map(async (given) => {
      const userId = await user(database);
      await subscribe(database, serviceId, userId);
      return device(database, { ...given, userId });
    }),
  );
}

/** A clock that only moves when it is told to. */
export function testClock(start = Date.now()): { now: () => number; advance(ms: number): void } {
  let time = start;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
  };
}

/** A key that publishes to the service. */
export async function serviceKey(
  database: Queryable,
  serviceId: string,
  given: { expiresAt?: Date } = {},
): Promise<string> {
  const { text, prefix, hash } = makeKey('service');
  await database.query(
    `insert into access_key (service_id, name, prefix, hash, scopes, created_at, expires_at) values ($1, 'test', $2, $3, '{publish}', now(), $4)`,
    [serviceId, prefix, hash, given.expiresAt ?? null],
  );
  return text;
}
