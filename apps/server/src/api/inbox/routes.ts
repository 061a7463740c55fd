import { InboxItem, InboxMark, InboxPage, InboxQuery, UnreadCount } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  countUnread,
  findInboxItem,
  listInboxItems,
  markAllRead,
  markInboxItem,
} from '../../store/inbox-item.ts';
import type { ApiDeps } from '../deps.ts';
import { needs, userOf } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, rowParameter } from '../edge/schema.ts';
import { presentInboxItem } from './present.ts';

const tags = ['inbox'];

/** What the signed-in user received, and the user's marks on it. */
export function inboxRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const schema = { tags, querystring: InboxQuery, response: { 200: InboxPage } };
    api.get(
      '/inbox',
      { ...needs('own-read'), schema: { ...schema, summary: 'List, newest first' } },
      async (request) => {
        const user = userOf(request);
        const { limit, cursor, service, unread } = request.query;
        const items = await listInboxItems(deps.database, user.id, {
          before: cursor === undefined ? null : Number(cursor),
          limit: limit + 1,
          serviceId: service ?? null,
          unreadOnly: unread === 'true',
        });
        // One more than asked for tells whether there is a next page.
        const page = items.slice(0, limit);
        const last = items.length > limit ? page.at(-1) : undefined;
        return { items: page.map(presentInboxItem), nextCursor: last ? String(last.notification.id) : null };
      },
    );

    api.get(
      '/inbox/unread',
      { ...needs('own-read'), schema: { tags, summary: 'Count unread', response: { 200: UnreadCount } } },
      async (request) => {
        const user = userOf(request);
        return { count: await countUnread(deps.database, user.id) };
      },
    );

    const one = z.object({ id: rowParameter });
    api.get(
      '/inbox/:id',
      {
        ...needs('own-read'),
        schema: { tags, summary: 'Read one', params: one, response: { 200: InboxItem } },
      },
      async (request) => {
        const user = userOf(request);
        const item = await findInboxItem(deps.database, user.id, request.params.id);
        if (!item) throw new ApiProblem('not-found', `You have no notification ${request.params.id}`);
        return presentInboxItem(item);
      },
    );

    const mark = {
      tags,
      summary: 'Mark one read, unread or deleted',
      params: one,
      body: InboxMark,
      response: noContent,
    };
    api.patch('/inbox/:id', { ...needs('own-write'), schema: mark }, async (request, reply) => {
      const user = userOf(request);
      const { status } = request.body;
      const { id } = request.params;
      const found = await markInboxItem(deps.database, user.id, id, status, new Date(deps.clock()));
      if (!found) throw new ApiProblem('not-found', `You have no notification ${id}`);
      deps.live.marked(user.id, id, status);
      return reply.status(204).send(null);
    });

    api.post(
      '/inbox/mark-all-read',
      { ...needs('own-write'), schema: { tags, summary: 'Mark all read', response: noContent } },
      async (request, reply) => {
        const user = userOf(request);
        await markAllRead(deps.database, user.id, new Date(deps.clock()));
        deps.live.marked(user.id, null, 'read');
        return reply.status(204).send(null);
      },
    );
  };
}
