import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { insertNotifications } from './accept.ts';
import { deleteService, findService, listServicesFor, updateService } from './service.ts';
import { setSubscription, setSubscriptions } from './subscription.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const notification = (serviceId: string) => ({
  uuid: randomUUID(),
  id: null,
  serviceId,
  userIds: [],
  deviceIds: [],
  title: 'T',
  subtitle: '',
  body: '',
  url: '',
  priority: 1,
  ttlSeconds: 60,
  collapseKey: null,
  actions: '[]',
  data: '{}',
  source: 'test',
  createdAt: new Date(),
});
const left = async (serviceId: string, userId: number) => ({
  notifications: await test.database.query('select 1 from notification where service_id = $1', [serviceId]),
  inbox: await test.database.query('select 1 from inbox where user_id = $1', [userId]),
  subscriptions: await test.database.query('select 1 from subscription where service_id = $1', [serviceId]),
});
const NOTHING = { notifications: [], inbox: [], subscriptions: [] };

const remove = (id: string) =>
  test.database.transaction(async (connection) => (await deleteService(connection, id)) !== null);

describe('a service', () => {
  it('that is deleted takes its notifications, their inbox rows and its subscriptions along, and nothing else', async () => {
    const [gone, kept] = [await build.service(test.database), await build.service(test.database)];
    const [userId, other] = [await build.user(test.database), await build.user(test.database)];
    await setSubscription(test.database, userId, gone, true);
    await setSubscription(test.database, other, kept, true);
    await insertNotifications(test.database, [notification(gone), notification(kept)]);
    expect(await remove(gone)).toBe(true);
    expect(await left(gone, userId)).toEqual(NOTHING);
    const remaining = await left(kept, other);
    expect(
      [remaining.notifications, remaining.inbox, remaining.subscriptions].map((rows) => rows.length),
    ).toEqual([1, 1, 1]);
    expect(await remove(gone)).toBe(false);
  });

  it('leaves nothing behind of a notification that was being published meanwhile', async () => {
    const [serviceId, userId] = [await build.service(test.database), await build.user(test.database)];
    await setSubscription(test.database, userId, serviceId, true);
    const deleting = await test.database.transaction(async (connection) => {
      await insertNotifications(connection, [notification(serviceId)]);
      const deletion = remove(serviceId);
      await vi.waitUntil(async () => {
        const waiting = await test.database.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      }, 10_000);
      return { deletion };
    });
    expect(await deleting.deletion).toBe(true);
    expect(await left(serviceId, userId)).toEqual(NOTHING);
  });

  it('is changed where something is given', async () => {
    const id = await build.service(test.database, { category: 'before' });
    expect(await updateService(test.database, id, { owner: 'new', category: null })).toMatchObject({
      category: 'before',
      owner: 'new',
      color: '1f77b4',
    });
    expect(await updateService(test.database, randomUUID(), { owner: 'new' })).toBeNull();
    expect(await findService(test.database, randomUUID())).toBeNull();
  });
});

describe('a subscription', () => {
  const rows = (userId: number) =>
    test.database.query<{ service_id: string; since: Date; until: Date | null }>(
      'select service_id, since, until from subscription where user_id = $1',
      [userId],
    );

  it('that ends keeps its row, and begins anew when it is wanted again', async () => {
    const [serviceId, userId] = [await build.service(test.database), await build.user(test.database)];
    await setSubscription(test.database, userId, serviceId, true);
    const [first] = await rows(userId);
    expect(first?.until).toBeNull();
    await setSubscription(test.database, userId, serviceId, true);
    expect(await rows(userId)).toEqual([first]);
    await setSubscription(test.database, userId, serviceId, false);
    const [ended] = await rows(userId);
    expect(ended?.until).toBeInstanceOf(Date);
    expect(await listServicesFor(test.database, userId)).toContainEqual(
      expect.objectContaining({ id: serviceId, isSubscribed: false }),
    );
    await setSubscription(test.database, userId, serviceId, false);
    expect(await rows(userId)).toEqual([ended]);
    await setSubscription(test.database, userId, serviceId, true);
    const [again] = await rows(userId);
    expect(again?.until).toBeNull();
    expect(again?.since.getTime()).toBeGreaterThanOrEqual(ended?.until?.getTime() ?? 0);
  });

  it('to an unknown service is skipped, the last word on a known one counts', async () => {
    const [serviceId, userId] = [await build.service(test.database), await build.user(test.database)];
    const word = (id: string, subscribed: boolean) => ({ serviceId: id, subscribed });
    await setSubscriptions(test.database, userId, [word(randomUUID(), true), word(serviceId, true)]);
    expect((await rows(userId)).map((row) => row.until)).toEqual([null]);
    await setSubscriptions(test.database, userId, [word(serviceId, false), word(serviceId, true)]);
    expect((await rows(userId)).map((row) => row.until)).toEqual([null]);
    await setSubscriptions(test.database, userId, [word(serviceId, true), word(serviceId, false)]);
    expect((await rows(userId))[0]?.until).toBeInstanceOf(Date);
  });
});
