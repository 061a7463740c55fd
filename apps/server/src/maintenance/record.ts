/** Writes into the audit log what was done beside the server, by whom the system says it was. */
import { userInfo } from 'node:os';
import type pg from 'pg';
import { appendAudit } from '../store/audit-entry.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { ensurePartitions } from '../store/partition.ts';

export type RecordedAction = 'backup.take' | 'backup.restore' | 'key-file.rotate';

/** `details` says what was done, without secrets. */
export async function recordIn(database: Database, action: RecordedAction, details: object): Promise<void> {
  // A restored database may be of another month.
  await ensurePartitions(database, new Date(), 0);
  const entry = {
    node: 'tocsin',
    actor: 'system',
    actorId: null,
    actorName: userInfo().username,
    address: '',
    requestId: null,
    action,
    outcome: 'done',
    subject: 'database',
    subjectId: null,
    subjectName: '',
    before: null,
    after: { ...details },
    detail: null,
    times: 1,
  } as const;
  await appendAudit(database, [entry]);
}

/** As `recordIn`, over a connection of its own. */
export async function record(
  connection: pg.ClientConfig,
  action: RecordedAction,
  details: object,
): Promise<void> {
  const database = openDatabase(connection, () => undefined, 1);
  try {
    await recordIn(database, action, details);
  } finally {
    await database.close();
  }
}
