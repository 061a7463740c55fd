/**
 * sql/schema.sql is what all migrations together make, for people to read and for reviews to diff.
 * After a new migration: UPDATE_SCHEMA=1 npx vitest run apps/server/src/database/schema.test.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { hasDebianPostgres, startDebianPostgres } from '../../test/debian-postgres.ts';
import { openDatabase } from '../store/database.ts';
import { ensurePartitions } from '../store/partition.ts';
import { dumpSchema } from './dump-schema.ts';
import { migrate } from './migrate.ts';

const MIGRATIONS = fileURLToPath(new URL('../../sql', import.meta.url));
const FILE = fileURLToPath(new URL('../../sql/schema.sql', import.meta.url));
const TITLE = '-- What all migrations together make. Written by schema.test.ts; not edited by hand.\n\n';

let own: TestDatabase;
beforeAll(async () => {
  own = await testDatabase();
});
afterAll(() => own.drop());

describe('the schema', () => {
  it('is the one in sql/schema.sql', async () => {
    const schema = TITLE + (await dumpSchema(own.database));
    if (process.env.UPDATE_SCHEMA) writeFileSync(FILE, schema);
    expect(schema).toBe(readFileSync(FILE, 'utf8'));
  });

  it('is dumped with everything that was added to it', async () => {
    await own.database.query(
      'create table added (id int primary key, half numeric generated always as (id / 2.0) stored)',
    );
    await own.database.query('create index added_by_half on added (half) where half > 1');
    const schema = await dumpSchema(own.database);
    expect(schema).toContain('half numeric generated always as (((id)::numeric / 2.0)) stored');
    expect(schema).toContain('CREATE INDEX added_by_half ON public.added USING btree (half) WHERE');
    await own.database.query('drop table added');
  });
});

describe.runIf(hasDebianPostgres())('on an external PostgreSQL 15', () => {
  it('all migrations apply, partitions are made, and the schema is the same', async () => {
    const external = await startDebianPostgres();
    const database = openDatabase({ connectionString: external.url }, () => undefined);
    try {
      await migrate({ connectionString: external.url }, MIGRATIONS);
      await ensurePartitions(database, new Date(), 2);
      expect(TITLE + (await dumpSchema(database))).toBe(readFileSync(FILE, 'utf8'));
    } finally {
      await database.close();
      await external.stop();
    }
  });
});
