/**
 * The audit log's door: a change and its entry are one transaction, so that there is none without the other. What was
 * refused is gathered and written soon after, once for many of the same: guessing must not fill the disk.
 */
import { type AuditRow, appendAudit } from '../store/audit-entry.ts';
import type { Database, Queryable } from '../store/database.ts';
import { type Actor, type Change, nobodyAt, type Refusal } from './entry.ts';

export interface Audit {
  /** Runs `work` in a transaction, with the entries it hands to `note`, which are written even when it returns a "no". */
  change<T>(
    actor: Actor,
    work: (connection: Queryable, note: (change: Change) => void) => Promise<T>,
  ): Promise<T>;
  /** An entry of something that changes nobody's rights, in the caller's transaction. */
  append(connection: Queryable, actor: Actor, change: Change): Promise<void>;
  /** Never waits and never throws. */
  refused(actor: Actor, refusal: Refusal): void;
  /** Writes what was gathered. */
  drain(): Promise<void>;
}

export interface AuditDeps {
  readonly database: Database;
  readonly node: string;
  readonly onError: (error: Error) => void;
  /** Somebody may now do more or less than before. */
  readonly onChanged: () => void;
}

const GATHER_MS = 1_000;
/** Different refusals within that time; the rest is counted in one entry. */
const MOST_GATHERED = 200;
const OVERFLOW: Refusal = {
  action: 'audit.overflow',
  subject: 'audit',
  detail: 'more refusals than are told apart',
};
const NOBODY = nobodyAt({ address: '', requestId: null });

export function createAudit(deps: AuditDeps): Audit {
  const { database, node } = deps;
  let gathered = new Map<string, AuditRow>();
  let timer: NodeJS.Timeout | null = null;
  let writing = Promise.resolve();

  const flush = async () => {
    const rows = [...gathered.values()];
    gathered = new Map();
    await appendAudit(database, rows).catch(deps.onError);
  };
  const write = () => {
    timer = null;
    writing = writing.then(flush);
  };
  const gather = (actor: Actor, refusal: Refusal) => {
    const name = [
      actor.kind,
      actor.name,
      actor.address,
      refusal.action,
      refusal.subjectId,
      refusal.detail,
    ].join('\n');
    const before = gathered.get(name);
    const row = before ?? toRow(actor, refusal, { node, outcome: 'refused' });
    gathered.set(name, { ...row, times: before ? before.times + 1 : 1 });
  };

  const append = (connection: Queryable, actor: Actor, changes: readonly Change[]) => {
    const head = { node, outcome: 'done' } as const;
    return appendAudit(
      connection,
      changes.map((change) => toRow(actor, change, head)),
    );
  };

  return {
    append: (connection, actor, change) => append(connection, actor, [change]),
    async change(actor, work) {
      const changes: Change[] = [];
      const result = await database.transaction(async (connection) => {
        const said = await work(connection, (change) => void changes.push(change));
        await append(connection, actor, changes);
        return said;
      });
      if (changes.length > 0) deps.onChanged();
      return result;
    },
    refused(actor, refusal) {
      const isFull = gathered.size >= MOST_GATHERED;
      if (isFull) gather(NOBODY, OVERFLOW);
      else gather(actor, refusal);
      timer ??= setTimeout(write, GATHER_MS).unref();
    },
    async drain() {
      if (timer) clearTimeout(timer);
      write();
      await writing;
    },
  };
}

function toRow(
  actor: Actor,
  entry: Change & { readonly detail?: string },
  head: Pick<AuditRow, 'node' | 'outcome'>,
): AuditRow {
  return {
    ...head,
    actor: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
    address: actor.address,
    requestId: actor.requestId,
    action: entry.action,
    subject: entry.subject,
    subjectId: entry.subjectId ?? null,
    subjectName: entry.subjectName ?? '',
    before: entry.before ? { ...entry.before } : null,
    after: entry.after ? { ...entry.after } : null,
    detail: entry.detail ?? null,
    times: 1,
  };
}
