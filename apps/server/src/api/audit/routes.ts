import { Readable } from 'node:stream';
import { AuditFilter, AuditPage, AuditQuery } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type AuditRecord, type AuditFilter as Filter, listAudit } from '../../store/audit-entry.ts';
import type { Queryable } from '../../store/database.ts';
import type { ApiDeps } from '../deps.ts';
import { needs } from '../edge/access.ts';

const tags = ['audit'];
const EXPORT_PAGE = 1_000;

const present = (entry: AuditRecord) => ({ ...entry, at: entry.at.toISOString() });

/** Who did what; for administrators and auditors. */
export function auditRoutes({ database, audit }: Pick<ApiDeps, 'database' | 'audit'>): FastifyPluginAsyncZod {
  return async (api) => {
    const list = {
      tags,
      summary: 'List what was done and refused, newest first',
      description: 'An action that ends in a dot, like `user.`, stands for all that begin so.',
      querystring: AuditQuery,
      response: { 200: AuditPage },
    };
    api.get('/audit', { ...needs('review'), schema: list }, async (request) => {
      const { limit, cursor, ...wanted } = request.query;
      await audit.drain();
      const beforeId = cursor === undefined ? null : Number(cursor);
      const found = await listAudit(database, { ...filterOf(wanted), beforeId, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { items: page.map(present), nextCursor: last ? String(last.id) : null };
    });

    const whole = {
      tags,
      summary: 'Export it, one JSON object per line, newest first',
      querystring: AuditFilter,
      response: {
        200: {
          description: 'NDJSON',
          content: { 'application/x-ndjson': { schema: z.custom<Readable>() } },
        },
      },
    };
    api.get('/audit/export', { ...needs('review'), schema: whole }, async (request, reply) => {
      await audit.drain();
      const lines = Readable.from(linesOf(database, filterOf(request.query)));
      return reply
        .type('application/x-ndjson')
        .header('content-disposition', 'attachment; filename="audit.ndjson"')
        .send(lines);
    });
  };
}

function filterOf(query: z.output<typeof AuditFilter>): Omit<Filter, 'beforeId' | 'limit'> {
  const { from, to, actor, action, outcome, subject, subjectId } = query;
  return {
    from: from === undefined ? null : new Date(from),
    to: to === undefined ? null : new Date(to),
    actorName: actor ?? null,
    action: action ?? null,
    outcome: outcome ?? null,
    subject: subject ?? null,
    subjectId: subjectId ?? null,
  };
}

/** Page by page, as the reader takes them. */
async function* linesOf(database: Queryable, filter: Omit<Filter, 'beforeId' | 'limit'>) {
  let beforeId: number | null = null;
  while (true) {
    const page: AuditRecord[] = await listAudit(database, { ...filter, beforeId, limit: EXPORT_PAGE });
    if (page.length > 0) yield page.map((entry) => `${JSON.stringify(present(entry))}\n`).join('');
    const last = page.at(-1);
    if (!last || page.length < EXPORT_PAGE) return;
    beforeId = last.id;
  }
}
