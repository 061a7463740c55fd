import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { claimRetries, putRetries, renewRetries } from './retry.ts';

const NOW = Date.now();
const notification = { id: 7, createdAt: new Date(NOW), priority: 1 };

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const retryOf = (deviceId: number, dueAt: number) => ({ deviceId, dueAt, attempt: 1, reason: 'later' });

describe('a leased retry', () => {
  it('stays with its holder for as long as that renews it; what was answered meanwhile is due when it says', async () => {
    const { database } = test;
    await putRetries(database, notification, [retryOf(1, NOW), retryOf(2, NOW)]);
    expect(await claimRetries(database, NOW, 10)).toHaveLength(2);
    // The provider answered for device 2: again in 25 s.
    await putRetries(database, notification, [retryOf(2, NOW + 25_000)]);
    await renewRetries(database, notification.id, [1, 2], NOW + 20_000);
    const taken = async (at: number) =>
      (await claimRetries(database, at, 10)).map(({ deviceId }) => deviceId);
    expect(await taken(NOW + 24_000)).toEqual([]);
    expect(await taken(NOW + 31_000)).toEqual([2]);
    expect(await taken(NOW + 51_000)).toEqual([1]);
  });
});
