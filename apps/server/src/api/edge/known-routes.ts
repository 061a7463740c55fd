/** Tells "there is no such address" from "this address does not take that method": Fastify answers 404 to both. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, sendProblem } from './problem.ts';

export interface KnownRoutes {
  /** Methods some route takes at this path; empty when there is none. */
  methodsAt(path: string): string[];
}

/** Collects the routes registered in `scope` from now on. */
export function collectRoutes(scope: FastifyInstance): KnownRoutes {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  scope.addHook('onRoute', (route) => {
    const pattern = route.url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/');
    routes.push({ pattern: new RegExp(`^${pattern}$`), methods: [route.method].flat() });
  });
  return {
    methodsAt: (path) => [
      ...new Set(routes.flatMap((route) => (route.pattern.test(path) ? route.methods : []))),
    ],
  };
}

/** 204 with `Allow` to OPTIONS, 405 with `Allow` to a wrong method, else 404. */
export function answerUnknown(
  known: KnownRoutes,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const methods = known.methodsAt(request.url.split('?')[0] ?? '');
  if (methods.length === 0)
    return sendProblem(request, reply, new ApiProblem('not-found', 'There is nothing at this address'));
  const allowed = [...new Set([...methods, 'OPTIONS'])].join(', ');
  void reply.header('allow', allowed);
  if (request.method === 'OPTIONS') return reply.status(204).send();
  const detail = `${request.method} is not taken here, only ${allowed}`;
  return sendProblem(request, reply, new ApiProblem('method-not-allowed', detail));
}
