/** The OpenAPI 3.1 documents of v1 and v2: the routes' names as the original lists them, errors as they come. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { Version } from './present.ts';

const SUMMARIES: Record<string, [tag: string, summary: string]> = {
  'GET /-/health': ['health', 'Health'],
  'POST /login': ['login', 'Login'],
  'GET /users/user/profile': ['users', 'Read Current User Profile'],
  'POST /users/user/apn-token': ['users', 'Create Current User Apn Token'],
  'POST /users/user/device-token': ['users', 'Create Current User Device Token'],
  'GET /users/user/services': ['users', 'Read Current User Services'],
  'PATCH /users/user/services': ['users', 'Update Current User Services'],
  'GET /users/user/notifications': ['users', 'Read Current User Notifications'],
  'PATCH /users/user/notifications': ['users', 'Update Current User Notifications'],
  'GET /users/': ['users', 'Read Users'],
  'PATCH /users/:user_id': ['users', 'Update User'],
  'DELETE /users/:user_id': ['users', 'Delete User'],
  'DELETE /users/:user_id/device-token': ['users', 'Delete User Device Token'],
  'GET /services/': ['services', 'Read Services'],
  'POST /services/': ['services', 'Create Service'],
  'PATCH /services/:service_id': ['services', 'Update Service'],
  'DELETE /services/:service_id': ['services', 'Delete Service'],
  'GET /services/:service_id/notifications': ['services', 'Read Service Notifications'],
  'POST /services/:service_id/notifications': ['services', 'Create Notification For Service'],
};

const text = { type: 'string' };
const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});

const BODIES: Record<string, object> = {
  'POST /users/user/apn-token': object({ apn_token: text }),
  'POST /users/user/device-token': object({ device_token: text }),
  'PATCH /users/user/services': {
    type: 'array',
    items: object({ id: { type: 'string', format: 'uuid' }, is_subscribed: { type: 'boolean' } }),
  },
  'PATCH /users/user/notifications': {
    type: 'array',
    items: object({
      id: { type: 'integer' },
      status: { type: 'string', enum: ['read', 'unread', 'deleted'] },
    }),
  },
  'PATCH /users/:user_id': object({ is_active: { type: 'boolean' }, is_admin: { type: 'boolean' } }, []),
  'DELETE /users/:user_id/device-token': object({ device_token: text }),
  'POST /services/': object({
    category: text,
    color: { type: 'string', pattern: '^[0-9a-fA-F]{6}$' },
    owner: text,
  }),
  'PATCH /services/:service_id': object({ category: text, color: text, owner: text }, []),
  'POST /services/:service_id/notifications': object(
    { title: text, subtitle: { ...text, default: '' }, url: { ...text, default: '' } },
    ['title'],
  ),
};

const LOGIN_FORM = {
  consumes: ['application/x-www-form-urlencoded'],
  body: object({ username: text, password: text }),
};
const OPEN = new Set(['GET /-/health', 'POST /login', 'POST /services/:service_id/notifications']);

export function describeRoutes(version: Version): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Notify API', version: String(version) },
      servers: [{ url: `/api/v${version}` }],
      components: { securitySchemes: { login: { type: 'http', scheme: 'bearer' } } },
    },
    stripBasePath: true,
    transform: ({ schema, url, route }) => {
      const path = url.replace(/^\/api\/v[12]/, '');
      const key = `${[route.method].flat()[0]} ${path}`;
      const [tag, summary] = SUMMARIES[key] ?? [];
      if (tag === undefined || summary === undefined) return { schema: { ...schema, hide: true }, url };
      const body = key === 'POST /login' ? LOGIN_FORM : BODIES[key] ? { body: BODIES[key] } : {};
      return {
        schema: { ...schema, tags: [tag], summary, ...body, security: OPEN.has(key) ? [] : [{ login: [] }] },
        url,
      };
    },
  };
}
