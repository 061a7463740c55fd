import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { service, serviceKey, testClock, user } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { forgetAccessChanges } from '../store/access-change.ts';
import type { Queryable } from '../store/database.ts';
import { createMemory, type Memory, type Shelf } from './memory.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const clock = testClock();
let asked: number;
let memory: Memory;
let shelf: Shelf<string>;
beforeEach(async () => {
  clock.advance(10_000);
  asked = 0;
  const database: Queryable = {
    query: (...statement) => {
      asked++;
      return test.database.query(...statement);
    },
  };
  memory = createMemory(database, clock.now);
  shelf = memory.shelf(3);
  await memory.confirm();
});

/** Half a second later, after asking. */
async function later(): Promise<void> {
  clock.advance(500);
  await memory.confirm();
}

describe('what is remembered', () => {
  it('holds as long as nothing changes, and the database is asked twice a second at most', async () => {
    shelf.keep('a', 'A', shelf.age());
    for (let time = 0; time < 10; time++) {
      await Promise.all(Array.from({ length: 20 }, () => memory.confirm()));
      expect(shelf.get('a')).toBe('A');
      clock.advance(100);
    }
    expect(asked).toBeLessThanOrEqual(3);
  });

  it('is asked about once, however many want to know together', async () => {
    clock.advance(500);
    await Promise.all(Array.from({ length: 50 }, () => memory.confirm()));
    expect(asked).toBe(2);
  });

  it('is forgotten at once when somebody says so', () => {
    shelf.keep('a', 'A', shelf.age());
    memory.forget();
    expect(shelf.get('a')).toBeUndefined();
  });

  it('is not believed after a clock was set back', () => {
    clock.advance(-1);
    expect(memory.isFresh()).toBe(false);
    clock.advance(1);
  });

  it('is not kept when something changed while it was looked up', () => {
    const since = shelf.age();
    memory.forget();
    shelf.keep('a', 'old', since);
    expect(shelf.get('a')).toBeUndefined();
  });

  it('is bounded', () => {
    for (const name of ['a', 'b', 'c', 'd']) shelf.keep(name, name, shelf.age());
    expect([shelf.get('a'), shelf.get('d')]).toEqual([undefined, 'd']);
  });

  it('is not believed while the database is away, and others hear of it', async () => {
    const broken = createMemory({ query: () => Promise.reject(new Error('away')) }, clock.now);
    await expect(broken.confirm()).rejects.toThrow('away');
    expect(broken.isFresh()).toBe(false);
  });

  const CHANGES: readonly (readonly [what: string, statement: string])[] = [
    ['a user is deactivated', 'update user_account set is_active = false where id = $1'],
    ['a role changes', 'update user_account set is_admin = true where id = $1'],
    ['a password changes', `update user_account set password_hash = 'x' where id = $1`],
    ['a login is revoked', 'update login_token set revoked_at = now() where user_id = $1'],
    ['a key is revoked', 'delete from access_key where user_id = $1 or true'],
    ['a key gets an end', 'update access_key set expires_at = now() where user_id = $1 or true'],
    ['a policy changes', `update service set publish_policy = 'key' where $1 = $1`],
    ['an owner is made', 'insert into service_owner select id, $1 from service limit 1'],
    ['a user is deleted', 'delete from user_account where id = $1'],
  ];
  it.each(CHANGES)('is forgotten half a second after %s, whoever did it', async (_what, statement) => {
    const userId = await user(test.database);
    const serviceId = await service(test.database);
    await serviceKey(test.database, serviceId);
    await test.database.query(
      `insert into login_token (id, user_id, created_at, expires_at) values (gen_random_uuid(), $1, now(), now())`,
      [userId],
    );
    await later();
    shelf.keep('a', 'A', shelf.age());
    await test.database.query(statement, [userId]);
    await later();
    expect(shelf.get('a')).toBeUndefined();
  });

  it.each([
    ['signing in', 'update user_account set login_expires_at = now(), first_login_at = now() where id = $1'],
    ['using a login', 'update login_token set last_used_at = now() where user_id = $1'],
    ['using a key', 'update access_key set last_used_at = now() where user_id = $1 or true'],
  ])('is not forgotten for %s', async (_what, statement) => {
    const userId = await user(test.database);
    await later();
    shelf.keep('a', 'A', shelf.age());
    await test.database.query(statement, [userId]);
    await later();
    expect(shelf.get('a')).toBe('A');
  });

  it('is forgotten although changes become visible in another order than they began', async () => {
    const [first, second] = [await user(test.database), await user(test.database)];
    const change = 'update user_account set is_admin = true where id = $1';
    await test.database.transaction(async (connection) => {
      await connection.query(change, [first]);
      await test.database.query(change, [second]);
      await later();
      shelf.keep('a', 'A', shelf.age());
    });
    await later();
    expect(shelf.get('a')).toBeUndefined();
  });

  it('survives the tidying of old changes, or is looked up again', async () => {
    await test.database.query(`update access_change set at = now() - interval '1 hour'`);
    await forgetAccessChanges(test.database);
    const rows = await test.database.query('select 1 from access_change');
    expect(rows).toEqual([]);
    await later();
    shelf.keep('a', 'A', shelf.age());
    await later();
    expect(shelf.get('a')).toBe('A');
  });
});
