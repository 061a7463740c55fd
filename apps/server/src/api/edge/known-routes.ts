/** Tells "there is no such address" from "this address does not take that method": Fastify answers 404 to both. */
import type { FastifyInstance } from 'fastify';

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
