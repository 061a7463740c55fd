import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { listDevices } from '../store/device.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { EVENTS, type ReceiptEvent } from './states.ts';
import { createReceiptTokens } from './token.ts';

let test: TestDatabase;
let receipts: Receipts;
const clock = build.testClock();
const tokens = createReceiptTokens(Buffer.alloc(32, 5));
beforeAll(async () => {
  test = await testDatabase();
  receipts = createReceipts({ database: test.database, tokens, clock: clock.now, node: 'test' });
});
afterAll(() => test.drop());

let userId: number;
let deviceId: number;
beforeEach(async () => {
  userId = await build.user(test.database);
  deviceId = await build.device(test.database, { userId });
});

const say = (event: ReceiptEvent, notification = 1, device = deviceId) =>
  receipts.record({ token: tokens.issue(notification, device, userId), event });
const last = async () => {
  const [device] = await listDevices(test.database, userId);
  return [device?.lastReceipt ?? null, device?.lastReceiptAt?.getTime() ?? null];
};
const logged = async () =>
  (await test.database.query('select 1 from delivery_event where device_id = $1', [deviceId])).length;

it('the device shows what it reported last, and when', async () => {
  expect(await last()).toEqual([null, null]);
  await say('received');
  expect(await last()).toEqual([EVENTS.received, clock.now()]);
  clock.advance(1_000);
  await say('opened');
  expect(await last()).toEqual([EVENTS.opened, clock.now()]);
});

it('a weaker word on the same notification that comes late moves nothing back, and is logged', async () => {
  await say('opened');
  const opened = await last();
  clock.advance(1_000);
  for (const event of ['received', 'displayed', 'dismissed'] as const) await say(event);
  expect(await last()).toEqual(opened);
  expect(await logged()).toBe(4);
});

it('a word on another notification is the last one', async () => {
  await say('opened', 1);
  clock.advance(1_000);
  await say('received', 2);
  expect(await last()).toEqual([EVENTS.received, clock.now()]);
});

it('of what comes at once the strongest about the newest notification counts', async () => {
  await Promise.all([say('opened', 8), say('opened', 9), say('received', 9), say('dismissed', 9)]);
  expect(await last()).toEqual([EVENTS.opened, clock.now()]);
  expect(await logged()).toBe(4);
});

it('a node whose clock is behind moves nothing back', async () => {
  await say('displayed', 1);
  const before = await last();
  const behind = createReceipts({
    database: test.database,
    tokens,
    clock: () => clock.now() - 5_000,
    node: 'other',
  });
  await behind.record({ token: tokens.issue(2, deviceId, userId), event: 'received' });
  expect(await last()).toEqual(before);
});

it('what is said of a message to the former owner is not shown to the new one', async () => {
  const owner = await build.user(test.database);
  await test.database.query('update device set user_id = $1 where id = $2', [owner, deviceId]);
  await say('opened');
  const [device] = await listDevices(test.database, owner);
  expect(device?.lastReceipt).toBeNull();
  expect(await logged()).toBe(1);
});

it('two nodes that report of the same devices in opposite order do not stand in each other’s way', async () => {
  const devices = await Promise.all(
    Array.from({ length: 200 }, () => build.device(test.database, { userId })),
  );
  const other = createReceipts({ database: test.database, tokens, clock: clock.now, node: 'other' });
  const record = (through: Receipts, device: number) =>
    through.record({ token: tokens.issue(3, device, userId), event: 'displayed' });
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      ...devices.map((device) => record(receipts, device)),
      ...devices.toReversed().map((device) => record(other, device)),
    ]);
  }
  expect((await listDevices(test.database, userId)).at(-1)?.lastReceipt).toBe(EVENTS.displayed);
});
