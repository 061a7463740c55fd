/** Requests that API v3 must refuse for another reason than a field of their body, as data. */
import { type BadInput, NOBODY, PUBLISH, SERVICE, service, TOO_BIG, titled } from './bad-fields.ts';

const invalid = { status: 422, code: 'invalid-input' } as const;
const readings: BadInput[] = [
  ...[
    '0',
    '-1',
    '1e3',
    '0x10',
    'abc',
    '1.5',
    '9007199254740992',
    '99999999999999999999',
    '',
    '..%2fservices',
    '%00',
    '%E2%82%AC',
  ].flatMap((id): BadInput[] => [
    {
      name: `inbox item ${id}`,
      method: 'GET',
      path: `/inbox/${id}`,
      as: 'user',
      ...invalid,
      field: 'path.id',
    },
    {
      name: `device ${id}`,
      method: 'DELETE',
      path: `/devices/${id}`,
      as: 'user',
      ...invalid,
      field: 'path.id',
    },
  ]),
  ...['1234', 'xyz', `${SERVICE}0`, SERVICE.replaceAll('-', ''), '%00', "'%20or%201=1"].map(
    (id): BadInput => ({
      name: `service ${id}`,
      method: 'PUT',
      path: `/subscriptions/${id}`,
      as: 'user',
      ...invalid,
      field: 'path.serviceId',
    }),
  ),
  ...['yes', '1', 'TRUE', ''].map(
    (unread): BadInput => ({
      name: `unread=${unread}`,
      method: 'GET',
      path: `/inbox?unread=${unread}`,
      as: 'user',
      ...invalid,
      field: 'query.unread',
    }),
  ),
  {
    name: 'a service filter that is no UUID',
    method: 'GET',
    path: '/inbox?service=x',
    as: 'user',
    ...invalid,
    field: 'query.service',
  },
  {
    name: 'deliveries with limit 1001',
    method: 'GET',
    path: '/notifications/1/deliveries?limit=1001',
    as: 'admin',
    ...invalid,
    field: 'query.limit',
  },
  {
    name: 'deliveries with a cursor of letters',
    method: 'GET',
    path: '/notifications/1/deliveries?cursor=a',
    as: 'admin',
    ...invalid,
    field: 'query.cursor',
  },
  {
    name: 'an inbox item that is not there',
    method: 'GET',
    path: '/inbox/987654321',
    as: 'user',
    status: 404,
    code: 'not-found',
  },
  {
    name: 'the largest id there can be',
    method: 'GET',
    path: `/inbox/${TOO_BIG - 1}`,
    as: 'user',
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a device that is not there',
    method: 'DELETE',
    path: '/devices/987654321',
    as: 'user',
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a service that is not there',
    method: 'DELETE',
    path: `/services/${NOBODY}`,
    as: 'admin',
    status: 404,
    code: 'not-found',
  },
  {
    name: 'publishing to a service that is not there',
    method: 'POST',
    path: `/services/${NOBODY}/notifications`,
    json: titled({}),
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a parameter of 600 characters',
    method: 'GET',
    path: `/inbox/${'1'.repeat(600)}`,
    as: 'user',
    status: 404,
    code: 'not-found',
  },
];

const keys: BadInput[] = ['', 'k'.repeat(256), 'two words', 'tab\there', 'é'].map((key) => ({
  name: `the Idempotency-Key ${JSON.stringify(key.slice(0, 12))}`,
  method: 'POST',
  path: PUBLISH,
  json: titled({}),
  headers: { 'idempotency-key': key },
  ...invalid,
  field: 'header.idempotency-key',
}));

const methods: BadInput[] = [
  ['PUT', '/inbox'],
  ['POST', '/inbox/1'],
  ['DELETE', '/inbox'],
  ['PUT', '/sessions'],
  ['PATCH', '/sessions/current'],
  ['GET', '/receipts'],
  ['GET', PUBLISH],
  ['POST', '/stream'],
  ['PATCH', '/devices'],
  ['PUT', '/stats'],
  ['POST', '/openapi.json'],
].map(([method = '', path = '']) => ({
  name: 'a method that is not taken',
  method,
  path,
  status: 405,
  code: 'method-not-allowed',
}));

const nowhere: BadInput[] = ['', '/', '/nothing', '/inbox/1/2', '//inbox', '/Inbox'].map((path) => ({
  name: `nothing at ${JSON.stringify(path)}`,
  method: 'GET',
  path,
  status: 404,
  code: 'not-found',
}));

const body = (
  name: string,
  text: BadInput['text'],
  status: number,
  code: string,
  field?: string,
): BadInput => ({
  name,
  method: 'POST',
  path: PUBLISH,
  ...(text !== undefined && { text }),
  status,
  code,
  ...(field !== undefined && { field }),
});
const BYTES = (...bytes: number[]) => Uint8Array.from(bytes);
const deep = (depth: number) => `{"title":${'['.repeat(depth)}${']'.repeat(depth)}}`;

const bodies: BadInput[] = [
  ...[
    '{',
    '{"title"',
    '{"title":',
    '{"title":"t"',
    '{"title":"t",}',
    "{'title':1}",
    '{title:1}',
    '{"title":"t"} x',
    '{"title":NaN}',
    '{"title":01}',
    '{"title":"a\nb"}',
    '{"title":"\\x41"}',
    '   ',
    '\0',
  ].map((text) => body(`broken: ${JSON.stringify(text)}`, text, 400, 'invalid-json')),
  body('no body at all', undefined, 422, 'invalid-input', 'body'),
  body('bytes that are no UTF-8', BYTES(0x7b, 0xff, 0xfe, 0x7d), 400, 'invalid-json'),
  body('an overlong encoding', BYTES(0x22, 0xc0, 0xaf, 0x22), 400, 'invalid-json'),
  body('a surrogate written as UTF-8', BYTES(0x22, 0xed, 0xa0, 0x80, 0x22), 400, 'invalid-json'),
  body('UTF-16', Uint8Array.from(Buffer.from('\ufeff{"title":"t"}', 'utf16le')), 400, 'invalid-json'),
  body('a byte order mark, and then a fault', '\ufeff{"title":5}', 422, 'invalid-input', 'body.title'),
  body('100,000 brackets', deep(100_000), 422, 'invalid-input', 'body.title'),
  body('400,000 brackets', deep(400_000), 422, 'invalid-input', 'body.title'),
  body('400,000 brackets that never close', '['.repeat(400_000), 400, 'invalid-json'),
  body(
    'a number that is infinite',
    '{"title":"t","ttlSeconds":1e400}',
    422,
    'invalid-input',
    'body.ttlSeconds',
  ),
  body(
    'a number of 100,000 digits',
    `{"title":"t","ttlSeconds":${'9'.repeat(100_000)}}`,
    422,
    'invalid-input',
    'body.ttlSeconds',
  ),
  body('a key twice, the last counts', '{"title":"t","title":5}', 422, 'invalid-input', 'body.title'),
  body('the key __proto__', '{"title":"t","__proto__":{"isAdmin":true}}', 400, 'invalid-json'),
  body('the key __proto__ in data', '{"title":"t","data":{"__proto__":"x"}}', 400, 'invalid-json'),
  body('the key __proto__, escaped', '{"title":"t","\\u005f_proto__":{}}', 400, 'invalid-json'),
  body('the key constructor.prototype', '{"title":"t","constructor":{"prototype":{}}}', 400, 'invalid-json'),
  body('the key constructor', '{"title":"t","constructor":"x"}', 422, 'invalid-input', 'body.constructor'),
  body(
    '10,000 unknown fields',
    JSON.stringify(titled(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, n])))),
    422,
    'invalid-input',
    'body.f0',
  ),
  body('more than 1 MiB', `{"title":"${'x'.repeat(1024 * 1024)}"}`, 413, 'too-large'),
];

const labels: BadInput[] = [
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/problem+json',
    'nonsense',
    null,
  ].map(
    (label): BadInput => ({
      ...body(`labelled ${label}`, '{"title":"t"}', 415, 'unsupported-media-type'),
      label,
    }),
  ),
  ...['iso-8859-1', 'utf-16', '"latin1"'].map(
    (charset): BadInput => ({
      ...body(`charset ${charset}`, '{"title":"t"}', 415, 'unsupported-media-type'),
      label: `application/json; charset=${charset}`,
    }),
  ),
  ...['gzip', 'deflate', 'br', 'GZIP', 'gzip, gzip', 'x-unknown'].map(
    (coding): BadInput => ({
      ...body(`Content-Encoding ${coding}`, '{"title":"t"}', 415, 'unsupported-media-type'),
      headers: { 'content-encoding': coding },
    }),
  ),
];

const rights: BadInput[] = [
  ['POST', '/services', service({})],
  ['PATCH', `/services/${SERVICE}`, {}],
  ['DELETE', `/services/${SERVICE}`],
  ['POST', `/services/${SERVICE}/keys`, { name: 'k' }],
  ['PUT', `/services/${SERVICE}/owners/1`],
  ['POST', '/groups', { name: 'g' }],
  ['GET', '/audit'],
  ['GET', '/users'],
  ['POST', '/notifications', titled({ userIds: [1] })],
  ['GET', '/notifications/1/counts'],
  ['GET', '/notifications/1/deliveries'],
  ['GET', '/stats'],
  ['POST', '/invitations', { username: 'x' }],
  ['POST', '/users/1/invitation'],
  ['POST', '/users/1/reset-link'],
  ['GET', '/users/1/removal'],
  ['GET', '/users/1/export'],
  ['GET', '/users/1/devices'],
  ['DELETE', '/users/1/devices/1'],
  ['POST', '/users/1/devices/1/transfer', { userId: 2 }],
].map(([method, path, json]) => ({
  name: 'for administrators only',
  method: method as string,
  path: path as string,
  as: 'user',
  ...(json !== undefined && { json }),
  status: 403,
  code: 'not-allowed',
}));

export const BAD_REQUESTS: readonly BadInput[] = [
  ...readings,
  ...keys,
  ...methods,
  ...nowhere,
  ...bodies,
  ...labels,
  ...rights,
];
