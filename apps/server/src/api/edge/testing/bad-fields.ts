/** Bodies that API v3 must refuse, as data: who asks, for what, with which body, and which field is named. */

/** A service that exists; `NOBODY` is one that does not. */
export const SERVICE = '6f1c2a34-0000-4000-8000-000000000001';
export const NOBODY = '6f1c2a34-0000-4000-8000-000000000002';

export interface BadInput {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Who asks; nobody when left out. */
  readonly as?: 'admin' | 'user';
  readonly json?: unknown;
  readonly text?: string | Uint8Array<ArrayBuffer>;
  readonly label?: string | null;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly field?: string;
}

export const PUBLISH = `/services/${SERVICE}/notifications`;
export const TOO_BIG = 2 ** 53;

type Body = readonly [name: string, json: unknown, field: string];
const refusedBodies = (
  method: string,
  path: string,
  as: BadInput['as'] | undefined,
  bodies: readonly Body[],
): BadInput[] =>
  bodies.map(([name, json, field]) => ({
    name,
    method,
    path,
    ...(as && { as }),
    json,
    status: 422,
    code: 'invalid-input',
    field,
  }));

export const titled = (more: object) => ({ title: 't', ...more });
const texts = (field: string, max: number): Body[] => [
  [`NUL in ${field}`, titled({ [field]: 'a\0b' }), `body.${field}`],
  [`half a surrogate pair in ${field}`, titled({ [field]: '\ud800' }), `body.${field}`],
  [`${field} that is a number`, titled({ [field]: 5 }), `body.${field}`],
  [`${field} that is null`, titled({ [field]: null }), `body.${field}`],
  [`${field} one too long`, titled({ [field]: 'x'.repeat(max + 1) }), `body.${field}`],
];

const PUBLISHED: Body[] = [
  ...texts('title', 1_024),
  ...texts('subtitle', 4_096),
  ...texts('body', 32_768),
  ...texts('url', 2_048),
  ['no title', {}, 'body.title'],
  ['an empty title', { title: '' }, 'body.title'],
  ['a title that is a list', { title: ['t'] }, 'body.title'],
  ['an unknown priority', titled({ priority: 'urgent' }), 'body.priority'],
  ['a priority in capitals', titled({ priority: 'High' }), 'body.priority'],
  ['a negative ttl', titled({ ttlSeconds: -1 }), 'body.ttlSeconds'],
  ['a ttl of more than 28 days', titled({ ttlSeconds: 2_419_201 }), 'body.ttlSeconds'],
  ['half a second of ttl', titled({ ttlSeconds: 0.5 }), 'body.ttlSeconds'],
  ['a ttl that is a text', titled({ ttlSeconds: '60' }), 'body.ttlSeconds'],
  ['a ttl beyond 2^53', titled({ ttlSeconds: TOO_BIG }), 'body.ttlSeconds'],
  ['a collapse key of 65 characters', titled({ collapseKey: 'k'.repeat(65) }), 'body.collapseKey'],
  ['a collapse key of 66 bytes', titled({ collapseKey: 'é'.repeat(33) }), 'body.collapseKey'],
  ['NUL in the collapse key', titled({ collapseKey: '\0' }), 'body.collapseKey'],
  ['four actions', titled({ actions: Array(4).fill({ id: 'a', title: 'b' }) }), 'body.actions'],
  ['an action without a title', titled({ actions: [{ id: 'a' }] }), 'body.actions.0.title'],
  ['an action without an id', titled({ actions: [{ title: 'a' }] }), 'body.actions.0.id'],
  ['an action that is a text', titled({ actions: ['a'] }), 'body.actions.0'],
  ['NUL in the title of an action', titled({ actions: [{ id: 'a', title: '\0' }] }), 'body.actions.0.title'],
  ['data that is a list', titled({ data: ['a'] }), 'body.data'],
  ['a number in data', titled({ data: { a: 1 } }), 'body.data.a'],
  ['an object in data', titled({ data: { a: { b: 'c' } } }), 'body.data.a'],
  ['NUL in data', titled({ data: { a: '\0' } }), 'body.data.a'],
  ['half a surrogate pair in data', titled({ data: { a: '\udfff' } }), 'body.data.a'],
  ['a long name in data', titled({ data: { ['n'.repeat(65)]: 'a' } }), `body.data.${'n'.repeat(65)}`],
  [
    '65 entries in data',
    titled({ data: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, 'a'])) }),
    'body.data',
  ],
  ['a misspelt field', titled({ priorty: 'high' }), 'body.priorty'],
  ['a list instead of an object', [], 'body'],
  ['a text instead of an object', 'title', 'body'],
  ['a number instead of an object', 5, 'body'],
  ['null instead of an object', null, 'body'],
];

const ADDRESSED: Body[] = [
  ['nobody', titled({}), 'body.userIds'],
  ['users that are texts', titled({ userIds: ['1'] }), 'body.userIds.0'],
  ['a user beyond 2^53', titled({ userIds: [TOO_BIG] }), 'body.userIds.0'],
  ['user 0', titled({ userIds: [0] }), 'body.userIds.0'],
  ['user -1', titled({ userIds: [-1] }), 'body.userIds.0'],
  ['half a user', titled({ userIds: [1.5] }), 'body.userIds.0'],
  ['a user who does not exist', titled({ userIds: [987_654_321] }), 'body.userIds'],
  ['a device that does not exist', titled({ deviceIds: [987_654_321] }), 'body.deviceIds'],
  ['the largest id there can be', titled({ deviceIds: [TOO_BIG - 1] }), 'body.deviceIds'],
  ['1,001 users', titled({ userIds: Array(1_001).fill(1) }), 'body.userIds'],
  ['a user instead of a list', titled({ userIds: 1 }), 'body.userIds'],
];

export const service = (more: object) => ({ category: 'c', color: '1f77b4', ...more });
const SERVICES: Body[] = [
  ['no category', { color: '1f77b4' }, 'body.category'],
  ['an empty category', service({ category: '' }), 'body.category'],
  ['NUL in the category', service({ category: '\0' }), 'body.category'],
  ['a category of 257 characters', service({ category: 'c'.repeat(257) }), 'body.category'],
  ['no color', { category: 'c' }, 'body.color'],
  ['a color with #', service({ color: '#1f77b4' }), 'body.color'],
  ['a color by name', service({ color: 'blue' }), 'body.color'],
  ['a color with a line feed', service({ color: '1f77b4\n' }), 'body.color'],
  ['half a surrogate pair in the owner', service({ owner: '\udc00' }), 'body.owner'],
  ['an unknown policy', service({ publishPolicy: 'closed' }), 'body.publishPolicy'],
  ['an id of its own', service({ id: SERVICE }), 'body.id'],
];

const SIGN_IN: Body[] = [
  ['no user name', { password: 'x' }, 'body.username'],
  ['no password', { username: 'a' }, 'body.password'],
  ['NUL in the user name', { username: '\0', password: 'x' }, 'body.username'],
  ['half a surrogate pair in the password', { username: 'a', password: '\ud800' }, 'body.password'],
  ['a user name of 257 characters', { username: 'a'.repeat(257), password: 'x' }, 'body.username'],
  ['a password of 1,025 characters', { username: 'a', password: 'x'.repeat(1_025) }, 'body.password'],
  ['a password that is an object', { username: 'a', password: { $ne: '' } }, 'body.password'],
];

const DEVICES: Body[] = [
  ['no kind', {}, 'body.kind'],
  ['an unknown kind', { kind: 'pager' }, 'body.kind'],
  ['a kind that only the server makes', { kind: 'relay', address: 'a' }, 'body.kind'],
  ['NUL in the address', { kind: 'fcm', address: '\0' }, 'body.address'],
  ['an address of 4,097 characters', { kind: 'fcm', address: 'a'.repeat(4_097) }, 'body.address'],
  ['half a surrogate pair in the name', { kind: 'mqtt', name: '\ud800' }, 'body.name'],
  ['a user id', { kind: 'mqtt', userId: 1 }, 'body.userId'],
];

const RECEIPTS: Body[] = [
  ['no token', { event: 'opened' }, 'body.token'],
  ['an empty token', { token: '', event: 'opened' }, 'body.token'],
  ['a token of 129 characters', { token: 'a'.repeat(129), event: 'opened' }, 'body.token'],
  ['an unknown event', { token: 'a', event: 'eaten' }, 'body.event'],
  ['an outcome, which is not for devices to say', { token: 'a', event: 'accepted' }, 'body.event'],
];

const INVITATIONS: Body[] = [
  ['no user name', {}, 'body.username'],
  ['an empty user name', { username: '' }, 'body.username'],
  ['NUL in the user name', { username: '\0' }, 'body.username'],
  ['a password of its own', { username: 'a', password: 'long enough' }, 'body.password'],
  ['a word for a flag', { username: 'a', isAdmin: 'yes' }, 'body.isAdmin'],
  ['groups that are texts', { username: 'a', groupIds: ['1'] }, 'body.groupIds.0'],
  ['a group that does not exist', { username: 'a', groupIds: [987_654_321] }, 'body.groupIds'],
  ['101 groups', { username: 'a', groupIds: Array(101).fill(1) }, 'body.groupIds'],
];

const CODES: Body[] = [
  ['no code', {}, 'body.code'],
  ['an empty code', { code: '' }, 'body.code'],
  ['a code that is a number', { code: 5 }, 'body.code'],
  ['NUL in the code', { code: '\0' }, 'body.code'],
  ['a code of 129 characters', { code: 'c'.repeat(129) }, 'body.code'],
  ['a misspelt field', { code: 'c', cod: 'c' }, 'body.cod'],
];

const CODE_USES: Body[] = [
  ['a password of 7 characters', { code: 'c', password: 'seven77' }, 'body.password'],
  ['a word for a flag', { code: 'c', cookie: 'yes' }, 'body.cookie'],
  ['a device of no kind', { code: 'c', register: {} }, 'body.register.kind'],
  ['a device without an address', { code: 'c', register: { kind: 'fcm' } }, 'body.register.address'],
  [
    'a device that cannot be pushed to',
    { code: 'c', register: { kind: 'apns', address: 'x' } },
    'body.register.address',
  ],
];

export const BAD_FIELDS: readonly BadInput[] = [
  ...refusedBodies('POST', PUBLISH, undefined, PUBLISHED),
  ...refusedBodies('POST', '/notifications', 'admin', ADDRESSED),
  ...refusedBodies('POST', '/services', 'admin', SERVICES),
  ...refusedBodies('POST', '/sessions', undefined, SIGN_IN),
  ...refusedBodies('POST', '/devices', 'user', DEVICES),
  ...refusedBodies('POST', '/receipts', undefined, RECEIPTS),
  ...refusedBodies('PATCH', `/services/${SERVICE}`, 'admin', [
    ['null as category', { category: null }, 'body.category'],
    ['a misspelt field', { colour: '000000' }, 'body.colour'],
  ]),
  ...refusedBodies('PATCH', '/inbox/1', 'user', [
    ['an unknown mark', { status: 'seen' }, 'body.status'],
    ['no mark', {}, 'body.status'],
  ]),
  ...refusedBodies('PUT', '/me/password', 'user', [
    ['a new password of 7 characters', { current: 'x', next: 'seven77' }, 'body.next'],
    ['NUL in the new password', { current: 'x', next: 'long enough\0' }, 'body.next'],
    ['no current password', { next: 'long enough' }, 'body.current'],
  ]),
  ...refusedBodies('POST', '/invitations', 'admin', INVITATIONS),
  ...['look', 'use'].flatMap((what) => refusedBodies('POST', `/one-time-codes/${what}`, undefined, CODES)),
  ...refusedBodies('POST', '/one-time-codes/use', undefined, CODE_USES),
  ...refusedBodies('DELETE', '/me', 'user', [
    ['a password that is a number', { password: 5 }, 'body.password'],
    ['NUL in the password', { password: '\0' }, 'body.password'],
    ['a misspelt field', { pasword: 'x' }, 'body.pasword'],
  ]),
  ...refusedBodies('POST', '/users/1/devices/1/transfer', 'admin', [
    ['nobody', {}, 'body.userId'],
    ['user 0', { userId: 0 }, 'body.userId'],
    ['a user that is a text', { userId: '2' }, 'body.userId'],
    ['a user beyond 2^53', { userId: TOO_BIG }, 'body.userId'],
  ]),
];
