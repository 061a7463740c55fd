/** The OpenAPI 3.1 document of API v3, made from the same schemas that check the requests. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { Need } from '../../identity/caller.ts';

const INFO = {
  title: 'Tocsin API',
  version: '3',
  description: 'Publish, subscribe, receive, prove. Errors are explained at /docs/errors.',
};
const PROBLEM = {
  description: 'Anything else, as problem+json (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const LOGIN = [{ login: [] }, { cookie: [] }];
const LOGIN_OR_KEY = [...LOGIN, { key: [] }];
const SECURITY = {
  nobody: [],
  login: LOGIN,
  'own-read': LOGIN_OR_KEY,
  'own-write': LOGIN_OR_KEY,
  review: LOGIN_OR_KEY,
  manage: LOGIN_OR_KEY,
  admin: LOGIN_OR_KEY,
} as const satisfies Record<Need | 'nobody', readonly Record<string, readonly string[]>[]>;

interface Described {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, object> };
}

export const describeV3: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/' }],
    components: {
      securitySchemes: {
        login: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: '__Host-tocsin' },
        key: { type: 'http', scheme: 'bearer', bearerFormat: 'tpk_…' },
      },
    },
  },
  transform: (route) => {
    // A HEAD is its GET without the body: listed twice it would only be longer.
    const isHead = [route.route.method].flat().every((method) => method === 'HEAD');
    if (isHead) return { schema: { hide: true }, url: route.url };
    const { schema, url } = jsonSchemaTransform(route);
    const { need = 'nobody' } = route.route.config ?? {};
    return { schema: { ...schema, security: SECURITY[need], 'x-need': need }, url };
  },
  transformObject: (document) => {
    const described = jsonSchemaTransformObject(document) as Described;
    for (const operations of Object.values(described.paths)) {
      for (const operation of Object.values(operations)) operation.responses.default = PROBLEM;
    }
    return { ...described, components: withoutUnused(described) };
  },
};

/** Every schema is described as it comes in and as it goes out; most are used in one direction only. */
function withoutUnused({ components, paths }: Described): Described['components'] {
  const used = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(components.schemas[name] ?? {});
    }
  };
  follow(paths);
  const kept = Object.entries(components.schemas).filter(([name]) => name === 'Problem' || used.has(name));
  return { ...components, schemas: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))) };
}
