import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { openDatabase } from '../store/database.ts';
import { DRAFT_DEFAULTS, type Draft, IngestBusy } from './draft.ts';
import { createIngest } from './ingest.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const ingest = () => createIngest({ database: test.database, clock: Date.now, onAccepted: () => undefined });
const draft = (serviceId: string, given: Partial<Draft> = {}): Draft => ({
  ...DRAFT_DEFAULTS,
  serviceId,
  title: 'T',
  source: 'test',
  ...given,
});
const count = async (table: string) => {
  const [row] = await test.database.query<{ count: number }>(`select count(*) as count from ${table}`);
  return row?.count ?? 0;
};
const keyed = (key: string, text = 'same') => ({
  scope: 'test',
  key,
  hash: createHash('sha256').update(text).digest(),
});

describe('accepting a notification', () => {
  it('stores it, the inbox rows of its subscribers and one chunk, all at once', async () => {
    const serviceId = await build.service(test.database);
    const [subscriber, other] = [await build.user(test.database), await build.user(test.database)];
    await build.subscribe(test.database, serviceId, subscriber);
    const acceptance = await ingest().accept(draft(serviceId, { title: 'Grüße 🔔', data: { a: 'b' } }));
    if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
    const inbox = await test.database.query<{ user_id: number }>(
      'select user_id from inbox where notification_id = $1',
      [acceptance.id],
    );
    expect(inbox.map((row) => row.user_id)).toEqual([subscriber]);
    expect(inbox.map((row) => row.user_id)).not.toContain(other);
    const chunks = await test.database.query(
      'select audience, members from chunk where notification_id = $1',
      [acceptance.id],
    );
    expect(chunks).toEqual([{ audience: 'users', members: [String(subscriber)] }]);
  });

  it('leaves a large audience to the fan-out', async () => {
    const serviceId = await build.service(test.database);
    await test.database.query(
      `with people as (insert into user_account (username) select 'crowd' || n from generate_series(1, 201) n returning id)
       insert into subscription (service_id, user_id) select $1, id from people`,
      [serviceId],
    );
    const acceptance = await ingest().accept(draft(serviceId));
    if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
    const chunks = await test.database.query('select audience from chunk where notification_id = $1', [
      acceptance.id,
    ]);
    expect(chunks).toEqual([{ audience: 'split' }]);
    expect(
      await test.database.query('select 1 from inbox where notification_id = $1', [acceptance.id]),
    ).toEqual([]);
  });

  it('answers each of many at once with its own id, and keeps an unknown service from harming the others', async () => {
    const serviceId = await build.service(test.database);
    const target = ingest();
    const before = await count('notification');
    const drafts = Array.from({ length: 300 }, (_, index) =>
      draft(index % 10 === 3 ? randomUUID() : serviceId, { title: `n${index}` }),
    );
    const answers = await Promise.all(drafts.map((one) => target.accept(one)));
    expect(answers.filter((answer) => answer.kind === 'unknown-service')).toHaveLength(30);
    const ids = answers.flatMap((answer) => (answer.kind === 'accepted' ? [answer.id] : []));
    expect(new Set(ids).size).toBe(270);
    expect((await count('notification')) - before).toBe(270);
    for (const [index, answer] of answers.entries()) {
      if (answer.kind !== 'accepted') continue;
      const [row] = await test.database.query<{ title: string }>(
        'select title from notification where id = $1',
        [answer.id],
      );
      expect(row?.title).toBe(`n${index}`);
    }
  });

  it('does not let one text the database cannot hold take its batch down', async () => {
    const serviceId = await build.service(test.database);
    const target = ingest();
    const results = await Promise.allSettled([
      target.accept(draft(serviceId, { title: 'good' })),
      target.accept(draft(serviceId, { title: 'bad \0' })),
      target.accept(draft(serviceId, { title: 'good too' })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('addresses users and the owners of devices', async () => {
    const [first, second] = [await build.user(test.database), await build.user(test.database)];
    const deviceId = await build.device(test.database, { userId: second });
    const acceptance = await ingest().accept({
      ...draft(''),
      serviceId: null,
      userIds: [first],
      deviceIds: [deviceId],
    });
    if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
    const inbox = await test.database.query<{ user_id: number }>(
      'select user_id from inbox where notification_id = $1 order by user_id',
      [acceptance.id],
    );
    expect(inbox.map((row) => row.user_id)).toEqual([first, second]);
  });
});

describe('an idempotency key', () => {
  it('gives a repeat the first answer, also when both come at the same time', async () => {
    const serviceId = await build.service(test.database);
    const target = ingest();
    const before = await count('notification');
    const one = draft(serviceId, { idempotency: keyed('k1') });
    const answers = await Promise.all([target.accept(one), target.accept(one), ingest().accept(one)]);
    answers.push(await target.accept(one));
    const ids = answers.map((answer) => (answer.kind === 'accepted' ? answer.id : answer.kind));
    expect(new Set(ids).size).toBe(1);
    expect((await count('notification')) - before).toBe(1);
    expect(answers.filter((answer) => answer.kind === 'accepted' && answer.replayed)).toHaveLength(3);
  });

  it('refuses another message under the same key', async () => {
    const serviceId = await build.service(test.database);
    await ingest().accept(draft(serviceId, { idempotency: keyed('k2') }));
    const second = await ingest().accept(draft(serviceId, { idempotency: keyed('k2', 'other') }));
    expect(second.kind).toBe('idempotency-conflict');
  });

  it('is free again when the service did not exist', async () => {
    const idempotency = keyed('k3');
    expect((await ingest().accept(draft(randomUUID(), { idempotency }))).kind).toBe('unknown-service');
    const serviceId = await build.service(test.database);
    expect((await ingest().accept(draft(serviceId, { idempotency }))).kind).toBe('accepted');
  });
});

describe('when the database is away', () => {
  it('promises nothing: busy, and nothing is kept', async () => {
    const nowhere = openDatabase({ host: '/nonexistent', connectionTimeoutMillis: 500 }, () => undefined);
    const target = createIngest({ database: nowhere, clock: Date.now, onAccepted: () => undefined });
    await expect(target.accept(draft(randomUUID()))).rejects.toBeInstanceOf(IngestBusy);
    await nowhere.close();
  });
});
