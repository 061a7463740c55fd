import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startV3Server, type V3Server } from '../../../test/v3-server.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}
interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Record<string, unknown>;
  readonly security?: readonly object[];
}
interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, unknown>>;
}

let server: V3Server;
const documents = new Map<string, OpenApi>();
beforeAll(async () => {
  server = await startV3Server();
  for (const version of ['v1', 'v2', 'v3']) {
    const answer = await server.request('GET', `/api/${version}/openapi.json`);
    documents.set(version, answer.json as OpenApi);
  }
});
afterAll(() => server.stop());

const documentOf = (version: string): OpenApi => {
  const document = documents.get(version);
  if (!document) throw new Error(`there is no document of ${version}`);
  return document;
};
const operationsOf = (document: OpenApi) =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

describe.each(['v1', 'v2', 'v3'])('the document of %s', (version) => {
  it('is OpenAPI 3.1 and names its version', () => {
    const { openapi, info } = documentOf(version);
    expect(openapi).toMatch(/^3\.1\.\d$/);
    expect(info.title).not.toBe('');
    expect(info.version).toBe(version.slice(1));
  });

  it('describes only HTTP methods, each with an answer that has a description', () => {
    for (const { name, operation } of operationsOf(documentOf(version))) {
      expect(name).toMatch(/^(?:GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE) \//);
      expect(Object.keys(operation.responses).length, name).toBeGreaterThan(0);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status, name).toMatch(/^(?:[1-5]\d\d|default)$/);
        expect(response, name).toHaveProperty('description');
      }
    }
  });

  it('declares exactly the parameters that stand in each path', () => {
    for (const { name, path, operation } of operationsOf(documentOf(version))) {
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, parameter]) => parameter);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map((parameter) => parameter.name).sort(), name).toEqual(inPath.sort());
      expect(
        declared.every(({ required }) => required === true),
        name,
      ).toBe(true);
    }
  });

  it('points to nothing that is not in it', () => {
    const document = documentOf(version);
    for (const [, pointer = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      let found: unknown = document;
      for (const part of pointer.split('/')) found = (found as Record<string, unknown>)[part];
      expect(found, pointer).toBeTypeOf('object');
    }
  });

  it('names only security schemes that it defines', () => {
    const document = documentOf(version);
    for (const { name, operation } of operationsOf(document)) {
      for (const scheme of (operation.security ?? []).flatMap(Object.keys))
        expect(document.components.securitySchemes, name).toHaveProperty(scheme);
    }
  });
});

/** Method and path of every route, and whether it is open to somebody without a login. */
const ROUTES = `
GET /users
POST /users
GET /users/{id}
PATCH /users/{id}
DELETE /users/{id}
GET /users/{id}/sessions
DELETE /users/{id}/sessions
DELETE /users/{id}/sessions/{sessionId}
GET /users/{id}/keys
DELETE /users/{id}/keys/{keyId}
GET /users/{id}/removal
GET /users/{id}/export
GET /users/{id}/devices
DELETE /users/{id}/devices/{deviceId}
POST /users/{id}/devices/{deviceId}/transfer
POST /users/{id}/invitation
POST /users/{id}/reset-link
POST /invitations
POST /me/pairings
POST /one-time-codes/look open
POST /one-time-codes/use open
GET /me/removal
GET /me/export
DELETE /me
GET /sessions
DELETE /sessions/others
DELETE /sessions/{sessionId}
GET /me/keys
POST /me/keys
DELETE /me/keys/{keyId}
POST /me/keys/{keyId}/rotation
GET /groups
POST /groups
GET /groups/{id}
PATCH /groups/{id}
DELETE /groups/{id}
PUT /groups/{id}/members/{userId}
DELETE /groups/{id}/members/{userId}
PUT /groups/{id}/subscriptions/{serviceId}
DELETE /groups/{id}/subscriptions/{serviceId}
GET /services/{serviceId}
GET /services/{serviceId}/subscribers
PUT /services/{serviceId}/owners/{id}
DELETE /services/{serviceId}/owners/{id}
GET /services/{serviceId}/keys
POST /services/{serviceId}/keys
DELETE /services/{serviceId}/keys/{keyId}
POST /services/{serviceId}/keys/{keyId}/rotation
GET /audit
GET /audit/export
GET /providers
PUT /providers/apns
PUT /providers/fcm
DELETE /providers/{name}
  POST /sessions open
  DELETE /sessions
  GET /sessions/current
  DELETE /sessions/current
  GET /sign-in/methods open
  GET /sign-in/oidc open
  GET /sign-in/oidc/callback open
  GET /me
  PUT /me/password
  GET /services
  POST /services
  PATCH /services/{serviceId}
  DELETE /services/{serviceId}
  POST /services/{serviceId}/notifications open
  PUT /subscriptions/{serviceId}
  DELETE /subscriptions/{serviceId}
  POST /notifications
  GET /notifications/{id}/counts
  GET /notifications/{id}/deliveries
  GET /inbox
  GET /inbox/unread
  GET /inbox/{id}
  PATCH /inbox/{id}
  POST /inbox/mark-all-read
  GET /stream
  POST /devices
  GET /devices
  DELETE /devices/{id}
  GET /webpush/key open
  POST /receipts open
  GET /stats
`
  .trim()
  .split('\n')
  .map((line) => line.trim());

describe('the document of v3', () => {
  it('lists every route, and says which need no login', () => {
    const listed = operationsOf(documentOf('v3')).map(
      ({ name, operation }) =>
        `${name.replace('/api/v3', '')}${operation.security?.length === 0 ? ' open' : ''}`,
    );
    expect(listed.sort()).toEqual([...ROUTES].sort());
  });

  it.each(ROUTES)('%s answers to the login as it says', async (route) => {
    const [method = '', path = '', open] = route.split(' ');
    const answer = await server.call(
      method,
      path.replace(/\{(?:service|session)Id\}/, UUID).replace(/\{\w+\}/g, '1'),
      {
        ...(BODIES[`${method} ${path}`] && { json: BODIES[`${method} ${path}`] }),
      },
    );
    if (open) expect(answer.json).not.toMatchObject({ code: 'not-authenticated' });
    else expect(answer.json).toMatchObject({ status: 401, code: 'not-authenticated' });
  });

  it('gives each a summary, a tag and the problem it may answer', () => {
    for (const { name, operation } of operationsOf(documentOf('v3'))) {
      expect(operation.summary, name).toBeTypeOf('string');
      expect(operation.tags, name).toHaveLength(1);
      expect(operation.responses.default, name).toMatchObject({
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      });
    }
  });

  it('is the one in packages/contract (npm run openapi writes it)', async () => {
    const file = fileURLToPath(new URL('../../../../../packages/contract/openapi.json', import.meta.url));
    await expect(`${JSON.stringify(documentOf('v3'), null, 2)}\n`).toMatchFileSnapshot(file);
  });
});

const UUID = '6f1c2a34-0000-4000-8000-000000000001';
const BODIES: Record<string, object> = {
  'PUT /me/password': { current: 'x', next: 'at least eight' },
  'POST /services': { category: 'c', color: '1f77b4' },
  'PATCH /services/{serviceId}': {},
  'POST /notifications': { title: 't', userIds: [1] },
  'PATCH /inbox/{id}': { status: 'read' },
  'POST /devices': { kind: 'mqtt' },
  'POST /users': { username: 'x' },
  'PATCH /users/{id}': { isAdmin: true },
};

describe('Swagger UI', () => {
  it('is told of all three documents', async () => {
    const settings = await server.request('GET', '/api/docs/static/swagger-initializer.js');
    for (const version of ['v1', 'v2', 'v3']) expect(settings.text).toContain(`/api/${version}/openapi.json`);
  });

  it('is served with a policy that allows its own scripts and no inline ones', async () => {
    const page = await server.request('GET', '/api/docs/');
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self';");
    expect(policy).not.toContain('script-src');
    expect(page.text.match(/<script(?![^>]*\bsrc=)[^>]*>/g)).toBeNull();
  });
});
