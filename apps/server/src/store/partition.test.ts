import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { user } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { dropPartitionsBefore, ensurePartitions } from './partition.ts';

let own: TestDatabase;
beforeAll(async () => {
  own = await testDatabase();
});
afterAll(() => own.drop());

const partitions = async () =>
  (
    await own.database.query<{ name: string }>(
      `select relname as name from pg_class where relispartition and relkind = 'r' and relname ~ '_203\\d+$' order by relname`,
    )
  ).map(({ name }) => name);

async function notify(userId: number, createdAt: Date): Promise<number> {
  const [row] = await own.database.query<{ id: number }>(
    `insert into notification (uuid, title, ttl_seconds, source, created_at) values ($1, 'old', 60, 'tests', $2) returning id`,
    [randomUUID(), createdAt],
  );
  const id = row?.id ?? 0;
  await own.database.query('insert into inbox (user_id, notification_id) values ($1, $2)', [userId, id]);
  await own.database.query(
    `insert into idempotency (scope, key, request_hash, notification_id, notification_created_at) values ('tests', $1, '', $2, $3)`,
    [randomUUID(), id, createdAt],
  );
  await own.database.query(
    `insert into delivery_event (notification_id, device_id, user_id, event, node, at) values ($1, 1, $2, 1, 'tests', $3)`,
    [id, userId, createdAt],
  );
  return id;
}
const idsIn = async (table: string) =>
  (
    await own.database.query<{ id: number }>(
      `select notification_id as id from ${table} order by notification_id`,
    )
  ).map(({ id }) => id);

describe('partitions', () => {
  it('are made once across the end of a year, however many servers make them', async () => {
    const now = new Date('2030-12-30T23:30:00Z');
    await Promise.all(Array.from({ length: 8 }, () => ensurePartitions(own.database, now, 2)));
    await ensurePartitions(own.database, now, 2);
    expect(await partitions()).toEqual([
      'audit_entry_203012',
      'audit_entry_203101',
      'delivery_event_20301229',
      'delivery_event_20301230',
      'delivery_event_20301231',
      'delivery_event_20310101',
      'notification_203012',
      'notification_203101',
    ]);
  });

  it('have the indexes, defaults and keys of their table', async () => {
    const indexes = await own.database.query<{ name: string }>(
      `select indexrelid::regclass::text as name from pg_index where indrelid = 'notification_203012'::regclass order by 1`,
    );
    expect(indexes.map(({ name }) => name)).toEqual([
      'notification_203012_pkey',
      'notification_203012_service_id_id_idx',
    ]);
    const [kept] = await own.database.query<{ id: number; body: string; accepted: boolean }>(
      `insert into notification (uuid, title, ttl_seconds, source, created_at) values ($1, 't', 1, 'tests', '2030-12-31T23:59:59.999Z')
       returning id, body, accepted_at is not null as accepted`,
      [randomUUID()],
    );
    expect(kept).toEqual({ id: expect.any(Number), body: '', accepted: true });
  });

  it('are dropped when their whole range has ended, with what belonged to their notifications', async () => {
    const userId = await user(own.database);
    const old = await notify(userId, new Date('2030-12-31T12:00:00Z'));
    const young = await notify(userId, new Date('2031-01-01T12:00:00Z'));
    const before = (time: string) => ({
      notifications: new Date(time),
      events: new Date(time),
      audit: new Date(time),
    });

    const early = await dropPartitionsBefore(own.database, before('2030-12-31T23:59:59Z'));
    expect(early.filter((name) => name.includes('_203'))).toEqual([
      'delivery_event_20301229',
      'delivery_event_20301230',
    ]);
    expect(await idsIn('inbox')).toEqual([old, young]);

    const dropped = await dropPartitionsBefore(own.database, before('2031-01-01T00:00:00Z'));
    expect(dropped).toEqual(['notification_203012', 'delivery_event_20301231', 'audit_entry_203012']);
    expect(await idsIn('inbox')).toEqual([young]);
    expect(await idsIn('idempotency')).toEqual([young]);
    expect(await idsIn('delivery_event')).toEqual([young]);
    expect(await dropPartitionsBefore(own.database, before('2031-01-01T00:00:00Z'))).toEqual([]);
  });
});
