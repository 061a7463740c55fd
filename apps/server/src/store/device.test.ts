import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import {
  deleteAddress,
  deleteDevice,
  learnEnvironment,
  listDevices,
  moveDevice,
  notifyTokens,
  registerDevice,
} from './device.ts';
import { markDevicesGone } from './gone-device.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const [EARLY, LATE] = [new Date('2026-11-20T10:00:00Z'), new Date('2026-11-21T10:00:00Z')];
let turn = 0;
const fresh = () => `address ${++turn}`;
const register = (userId: number, address: string, at = EARLY, app = '') =>
  registerDevice(test.database, {
    userId,
    kind: 'fcm',
    address,
    credential: '',
    environment: '',
    app,
    name: '',
    at,
  });
const gone = (deviceId: number, since: Date | null) =>
  markDevicesGone(
    test.database,
    [{ deviceId, reason: 'UNREGISTERED', since: since?.getTime() ?? null }],
    LATE,
  );
const goneAt = async (userId: number) => (await listDevices(test.database, userId))[0]?.goneAt;

describe('a device', () => {
  it('keeps the environment that was learnt, also when it registers again without one; its own word stands', async () => {
    const { database } = test;
    const userId = await build.user(database);
    const { device: silent } = await register(userId, fresh());
    const sayer = await build.device(database, { userId, environment: 'production' });
    await learnEnvironment(database, [silent.id, sayer], 'sandbox');
    await register(userId, silent.address, LATE);
    const devices = await listDevices(database, userId);
    expect(devices.map(({ environment }) => environment)).toEqual(['sandbox', 'production']);
  });

  it('that is registered again is the same one, seen anew', async () => {
    const [userId, address] = [await build.user(test.database), fresh()];
    const [first, second] = [await register(userId, address), await register(userId, address, LATE)];
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.device).toEqual({ ...first.device, lastSeenAt: LATE, registeredAt: LATE });
  });

  it('moves to who registers its address last, without what waited for its former owner', async () => {
    const [former, owner, address] = [
      await build.user(test.database),
      await build.user(test.database),
      fresh(),
    ];
    const { device } = await register(former, address);
    const [kept] = [await register(former, fresh())];
    for (const id of [device.id, kept.device.id]) {
      await test.database.query(
        `insert into retry (notification_id, device_id, notification_created_at, due_at, attempt, reason, priority)
         values (1, $1, now(), now(), 1, '', 1)`,
        [id],
      );
      await test.database.query(
        `insert into mqtt_outbox (device_id, notification_id, notification_created_at, payload, expires_at)
         values ($1, 1, now(), '', now())`,
        [id],
      );
    }
    const moved = await register(owner, address, LATE);
    expect([moved.created, moved.device.id, moved.device.userId]).toEqual([true, device.id, owner]);
    expect(moved.formerUserId).toBe(former);
    for (const table of ['retry', 'mqtt_outbox']) {
      const left = await test.database.query(`select device_id from ${table}`);
      expect(left).toEqual([{ device_id: kept.device.id }]);
    }
    expect((await listDevices(test.database, former)).map(({ id }) => id)).toEqual([kept.device.id]);
  });

  it('is given to another user without what waited for it and what it last said', async () => {
    const [former, owner] = [await build.user(test.database), await build.user(test.database)];
    const { device } = await register(former, fresh());
    await test.database.query(
      'update device set last_receipt = 12, last_receipt_at = now(), last_receipt_notification = 1 where id = $1',
      [device.id],
    );
    await test.database.query(
      `insert into retry (notification_id, device_id, notification_created_at, due_at, attempt, reason, priority)
       values (2, $1, now(), now(), 1, '', 1)`,
      [device.id],
    );
    expect(await moveDevice(test.database, device.id, owner, former)).toBeNull();
    const moved = await moveDevice(test.database, device.id, former, owner);
    expect(moved).toMatchObject({ id: device.id, userId: owner, lastReceipt: null, lastReceiptAt: null });
    expect(await test.database.query('select 1 from retry where device_id = $1', [device.id])).toEqual([]);
  });

  it('is registered once by requests that come together', async () => {
    const [userId, address] = [await build.user(test.database), fresh()];
    const ids = await Promise.all(Array.from({ length: 8 }, () => register(userId, address)));
    expect(new Set(ids.map(({ device }) => device.id)).size).toBe(1);
    expect(await listDevices(test.database, userId)).toHaveLength(1);
  });

  it('is gone when the provider says so, unless it was registered after the moment the provider speaks of', async () => {
    const userId = await build.user(test.database);
    const { device } = await register(userId, fresh(), EARLY);
    await gone(device.id, new Date(EARLY.getTime() - 1));
    expect(await goneAt(userId)).toBeNull();
    await gone(device.id, EARLY);
    expect(await goneAt(userId)).toBeNull();
    await gone(device.id, new Date(EARLY.getTime() + 1));
    expect(await goneAt(userId)).toEqual(LATE);
  });

  it('is gone without a moment, and comes back as new', async () => {
    const [userId, address] = [await build.user(test.database), fresh()];
    const { device } = await register(userId, address);
    await gone(device.id, null);
    expect(await notifyTokens(test.database, [userId])).toEqual(new Map());
    const again = await register(userId, address, LATE);
    expect([again.created, again.device.goneAt, again.device.goneReason]).toEqual([true, null, null]);
    expect(await notifyTokens(test.database, [userId])).toEqual(new Map([[userId, [address]]]));
  });

  it('is removed by its own user only', async () => {
    const [userId, other, address] = [
      await build.user(test.database),
      await build.user(test.database),
      fresh(),
    ];
    const { device } = await register(userId, address);
    expect(await deleteDevice(test.database, other, device.id)).toBeNull();
    await deleteAddress(test.database, other, address);
    expect(await listDevices(test.database, userId)).toHaveLength(1);
    expect(await deleteDevice(test.database, userId, device.id)).toMatchObject({ id: device.id });
  });

  it('of another app is no phone of the Notify API', async () => {
    const userId = await build.user(test.database);
    await register(userId, fresh(), EARLY, 'inbox');
    expect(await notifyTokens(test.database, [userId])).toEqual(new Map());
  });
});
