import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { type AuditRecord, listAudit } from '../store/audit-entry.ts';
import { createAudit } from './audit.ts';
import { type Actor, difference, SYSTEM } from './entry.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const EVERYTHING = {
  beforeId: null,
  limit: 1_000,
  from: null,
  to: null,
  actorName: null,
  action: null,
  outcome: null,
  subject: null,
  subjectId: null,
};
let seen = 0;
let changed: number;
const errors: Error[] = [];
const audit = () =>
  createAudit({
    database: test.database,
    node: 'test',
    onError: (error) => errors.push(error),
    onChanged: () => changed++,
  });
/** What was written since the last call, oldest first. */
async function fresh(): Promise<AuditRecord[]> {
  const entries = (await listAudit(test.database, EVERYTHING)).filter(({ id }) => id > seen).reverse();
  seen = entries.at(-1)?.id ?? seen;
  return entries;
}
beforeEach(async () => {
  await fresh();
  changed = 0;
});

const GUESS = { action: 'session.use', subject: 'session', detail: 'not a token of this server' };
const from = (address: string): Actor => ({
  kind: 'anonymous',
  id: null,
  name: '',
  address,
  requestId: null,
});

describe('a change and its entry', () => {
  it('are one: when the change fails, nothing is written', async () => {
    const failing = audit().change(SYSTEM, async (connection, note) => {
      await connection.query(`insert into user_account (username) values ('half')`);
      note({ action: 'user.create', subject: 'user' });
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    expect(await fresh()).toEqual([]);
    expect(await test.database.query(`select 1 from user_account where username = 'half'`)).toEqual([]);
    expect(changed).toBe(0);
  });

  it('are one: when the entry cannot be written, nothing is changed', async () => {
    const failing = audit().change({ ...SYSTEM, kind: 'nonsense' as 'system' }, async (connection, note) => {
      await connection.query(`insert into user_account (username) values ('half')`);
      note({ action: 'user.create', subject: 'user' });
    });
    await expect(failing).rejects.toThrow();
    expect(await test.database.query(`select 1 from user_account where username = 'half'`)).toEqual([]);
  });

  it('are told to the others after the commit, and only when there was a change', async () => {
    await audit().change(SYSTEM, async () => 'nothing to do');
    expect(changed).toBe(0);
    await audit().change(SYSTEM, async (_connection, note) =>
      note({ action: 'a.b', subject: 'a', before: { x: 1 }, after: { x: 2 } }),
    );
    expect(changed).toBe(1);
    expect(await fresh()).toMatchObject([
      { actor: 'system', node: 'test', outcome: 'done', before: { x: 1 }, after: { x: 2 }, times: 1 },
    ]);
  });
});

describe('what is refused', () => {
  it('is one entry with how often, for each address', async () => {
    const log = audit();
    for (let count = 0; count < 1_000; count++) log.refused(from('192.0.2.1'), GUESS);
    log.refused(from('192.0.2.2'), GUESS);
    await log.drain();
    expect((await fresh()).map(({ address, times }) => [address, times])).toEqual([
      ['192.0.2.1', 1_000],
      ['192.0.2.2', 1],
    ]);
  });

  it('from very many addresses does not fill the disk: what is too much is counted', async () => {
    const log = audit();
    for (let count = 0; count < 5_000; count++) log.refused(from(`10.0.${count >> 8}.${count & 255}`), GUESS);
    await log.drain();
    const entries = await fresh();
    expect(entries.length).toBeLessThan(250);
    expect(entries.reduce((sum, { times }) => sum + times, 0)).toBe(5_000);
    expect(entries.map(({ action }) => action)).toContain('audit.overflow');
  });

  it('is lost with a word when the database is away, and stops nothing', async () => {
    const log = createAudit({
      database: { ...test.database, query: () => Promise.reject(new Error('away')) },
      node: 'test',
      onError: (error) => errors.push(error),
      onChanged: () => undefined,
    });
    log.refused(from('192.0.2.1'), GUESS);
    await log.drain();
    expect(errors.map(({ message }) => message)).toEqual(['away']);
  });
});

it('a difference names only the fields that differ', () => {
  expect(difference({ a: 1, b: [1], c: 'x' }, { a: 1, b: [2], c: 'y' })).toEqual({
    before: { b: [1], c: 'x' },
    after: { b: [2], c: 'y' },
  });
});
