/** The audit log: rows are only ever appended. */
import type { Queryable } from './database.ts';

export interface AuditRow {
  readonly node: string;
  readonly actor: 'user' | 'key' | 'system' | 'anonymous';
  readonly actorId: number | null;
  readonly actorName: string;
  readonly address: string;
  readonly requestId: string | null;
  readonly action: string;
  readonly outcome: 'done' | 'refused';
  readonly subject: string;
  readonly subjectId: string | null;
  readonly subjectName: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly detail: string | null;
  readonly times: number;
}

export interface AuditRecord extends AuditRow {
  readonly id: number;
  /** The database's own clock. */
  readonly at: Date;
}

const COLUMNS = `node, actor, actor_id, actor_name, address, request_id, action, outcome, subject, subject_id, subject_name,
  before, after, detail, times`;

export const AUDIT_COLUMNS = `id, at, node, actor, actor_id as "actorId", actor_name as "actorName", address,
  request_id as "requestId", action, outcome, subject, subject_id as "subjectId", subject_name as "subjectName",
  before, after, detail, times`;

export async function appendAudit(connection: Queryable, rows: readonly AuditRow[]): Promise<void> {
  if (rows.length === 0) return;
  await connection.query(
    `insert into audit_entry (${COLUMNS})
     select r.node, r.actor, r."actorId", r."actorName", r.address, r."requestId", r.action, r.outcome, r.subject,
       r."subjectId", r."subjectName", nullif(r.before, 'null'::jsonb), nullif(r.after, 'null'::jsonb), r.detail, r.times
     from jsonb_to_recordset($1::jsonb) as r (node text, actor text, "actorId" bigint, "actorName" text,
       address text, "requestId" text, action text, outcome text, subject text, "subjectId" text, "subjectName" text,
       before jsonb, after jsonb, detail text, times integer)`,
    [JSON.stringify(rows)],
    'append-audit',
  );
}

export interface AuditFilter {
  /** Only what has a lower id. */
  readonly beforeId: number | null;
  readonly limit: number;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly actorName: string | null;
  readonly action: string | null;
  readonly outcome: string | null;
  readonly subject: string | null;
  readonly subjectId: string | null;
}

/** Newest first. An action that ends in a dot stands for all that begin with it. */
export function listAudit(connection: Queryable, filter: AuditFilter): Promise<AuditRecord[]> {
  return connection.query<AuditRecord>(
    `select ${AUDIT_COLUMNS} from audit_entry
     where ($1::bigint is null or id < $1) and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4)
       and ($5::text is null or actor_name = $5) and ($6::text is null or action = $6 or (right($6, 1) = '.' and starts_with(action, $6)))
       and ($7::text is null or outcome = $7) and ($8::text is null or subject = $8) and ($9::text is null or subject_id = $9)
     order by id desc limit $2`,
    [
      filter.beforeId,
      filter.limit,
      filter.from,
      filter.to,
      filter.actorName,
      filter.action,
      filter.outcome,
      filter.subject,
      filter.subjectId,
    ],
  );
}
