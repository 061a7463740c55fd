/** The OpenAPI 3.1 documents of v1 and v2: the routes' names as the original lists them, errors as they come. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { Version } from './present.ts';

const SUMMARIES: Record<string, [tag: string, summary: string]> = {
  'GET /-/health': ['health', 'Health'],
  'POST /login': ['login', 'Login'],
  'POST /open_id_connect': ['login', 'Open Id Connect'],
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
  'POST /open_id_connect': object({ code: text, code_verifier: text, client_id: text, redirect_uri: text }),
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
    {
      title: text,
      subtitle: { ...text, default: '' },
      url: { ...text, default: '' },
      body: text,
      priority: { type: 'string', enum: ['low', 'normal', 'high', 'critical'], default: 'normal' },
      ttl: { type: 'integer', description: 'Seconds it is worth delivering', default: 86_400 },
      collapse_key: text,
    },
    ['title'],
  ),
};

const integer = { type: 'integer' };
const flag = { type: 'boolean' };
const uuid = { type: 'string', format: 'uuid' };
const many = (items: object) => ({ type: 'array', items });
const user = (version: Version) =>
  object({
    id: integer,
    username: text,
    [version === 1 ? 'apn_tokens' : 'device_tokens']: many(text),
    is_active: flag,
    is_admin: flag,
  });
const service = { category: text, color: text, owner: text, id: uuid };
const notification = {
  title: text,
  subtitle: text,
  url: text,
  id: integer,
  timestamp: { type: 'string', description: 'UTC, three digits of a second, no zone' },
  service_id: uuid,
};
const TOKEN = object({ access_token: text, token_type: text });

type Answers = Record<number, object | null>;

/** What each route answers when it succeeds; null is an empty body. */
function answersOf(version: Version): Record<string, Answers> {
  const profile = user(version);
  return {
    'POST /login': { 200: TOKEN, 201: TOKEN },
    'POST /open_id_connect': { 200: TOKEN },
    'GET /users/user/profile': { 200: profile },
    'POST /users/user/apn-token': { 200: profile, 201: profile },
    'POST /users/user/device-token': { 200: profile, 201: profile },
    'GET /users/user/services': { 200: many(object({ ...service, is_subscribed: flag })) },
    'PATCH /users/user/services': { 204: null },
    'GET /users/user/notifications': { 200: many(object({ ...notification, is_read: flag })) },
    'PATCH /users/user/notifications': { 204: null },
    'GET /users/': { 200: many(profile) },
    'PATCH /users/:user_id': { 200: profile },
    'DELETE /users/:user_id': { 204: null },
    'DELETE /users/:user_id/device-token': { 204: null },
    'GET /services/': { 200: many(object(service)) },
    'POST /services/': { 201: object(service) },
    'PATCH /services/:service_id': { 200: object(service) },
    'DELETE /services/:service_id': { 204: null },
    'GET /services/:service_id/notifications': { 200: many(object(notification)) },
    'POST /services/:service_id/notifications': { 201: object(notification) },
  };
}

function describeAnswers(answers: Answers | undefined): object {
  const response = Object.entries(answers ?? {}).map(([status, schema]) => [
    status,
    schema ? { description: 'Done', ...schema } : { description: 'Done', type: 'null' },
  ]);
  return response.length > 0 ? { response: Object.fromEntries(response) } : {};
}

const LOGIN_FORM = {
  consumes: ['application/x-www-form-urlencoded'],
  body: object({ username: text, password: text }),
};
const OPEN = new Set([
  'GET /-/health',
  'POST /login',
  'POST /open_id_connect',
  'POST /services/:service_id/notifications',
]);

const QUERIES: Record<string, object> = {
  'GET /users/user/notifications': object(
    {
      limit: { type: 'integer', default: 50, description: '0 or less: all' },
      sort: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
    },
    [],
  ),
};

export function describeRoutes(version: Version): FastifyDynamicSwaggerOptions {
  const answers = answersOf(version);
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
      const query = QUERIES[key] ? { querystring: QUERIES[key] } : {};
      const security = OPEN.has(key) ? [] : [{ login: [] }];
      const described = { ...body, ...query, ...describeAnswers(answers[key]) };
      return { schema: { ...schema, tags: [tag], summary, ...described, security }, url };
    },
  };
}
