/**
 * Who may do what, for every route of the three APIs: a route without a row fails the tests, and so does a row without
 * a route. Written by hand, and not from what the routes declare.
 */
import { CALLERS, type CallerName } from './access-scene.ts';

type Expected = Readonly<Record<CallerName, number>>;
export interface AccessRow {
  /** Body of the request; placeholders `{…}` stand for ids of the scene. */
  readonly json?: object;
  readonly form?: string;
  /** Names in the scene of the placeholders in the path, in their order. */
  readonly ids?: readonly string[];
  readonly expected: Expected;
}

const LOGINS = ['user', 'other', 'owner', 'auditor', 'admin'] as const;
const spread = (names: readonly CallerName[], status: number) =>
  Object.fromEntries(names.map((name) => [name, status])) as Partial<Expected>;
const everybody = (status: number) => spread(CALLERS, status) as Expected;
/** Nobody but those that are named afterwards: 401 without a login, 403 with the wrong one. */
const nobody: Expected = { ...everybody(403), anonymous: 401 };

const open = (status: number, given: Partial<AccessRow> = {}): AccessRow => ({
  ...given,
  expected: everybody(status),
});
/** People that signed in; no key. `others`: what those get to whom the thing does not belong. */
const login = (status: number, given: Partial<AccessRow> = {}, others = status): AccessRow => ({
  ...given,
  expected: { ...nobody, ...spread(LOGINS, others), user: status },
});
const ownRead = (status: number, given: Partial<AccessRow> = {}, others = status): AccessRow => ({
  ...given,
  expected: {
    ...nobody,
    ...spread([...LOGINS, 'key:read', 'key:admin'], others),
    ...spread(['user', 'user-key:read', 'user-key:admin'], status),
  },
});
const ownWrite = (status: number, given: Partial<AccessRow> = {}, others = status): AccessRow => ({
  ...given,
  expected: {
    ...nobody,
    ...spread([...LOGINS, 'key:admin'], others),
    ...spread(['user', 'user-key:admin'], status),
  },
});
const review = (status: number, given: Partial<AccessRow> = {}): AccessRow => ({
  ...given,
  expected: { ...nobody, ...spread(['auditor', 'admin', 'key:read', 'key:admin'], status) },
});
/** Of a service: also its owners. */
const reviewService = (status: number, given: Partial<AccessRow> = {}): AccessRow => ({
  ...given,
  expected: { ...nobody, ...spread(['owner', 'auditor', 'admin', 'key:read', 'key:admin'], status) },
});
const manage = (status: number, given: Partial<AccessRow> = {}): AccessRow => ({
  ...given,
  expected: { ...nobody, ...spread(['owner', 'admin', 'key:admin'], status) },
});
const admin = (status: number, given: Partial<AccessRow> = {}): AccessRow => ({
  ...given,
  expected: { ...nobody, ...spread(['admin', 'key:admin'], status) },
});
/** To a service that takes only keys. */
const publish = (json: object): AccessRow => ({
  json,
  ids: ['serviceId'],
  expected: {
    ...everybody(403),
    ...spread(['owner', 'admin', 'key:publish', 'key:admin', 'service-key'], 201),
  },
});

/** Another name each time, so that nobody has to wait for having failed before. */
const NOBODY = { username: '{name}', password: 'wrong password' };
/** Whose keys are none. */
const APNS = { p8: 'x', keyId: 'ABCDEFGHIJ', teamId: 'ABCDEFGHIJ', topic: 't' };
const FCM = { serviceAccount: { project_id: 'p', client_email: 'c', private_key: 'x' } };
const ofUser = { ids: ['userId'] };
const ofGroup = { ids: ['groupId'] };
const ofService = { ids: ['serviceId'] };

const V3: Readonly<Record<string, AccessRow>> = {
  'POST /sessions': open(401, { json: NOBODY }),
  // The server of the tests has no OpenID provider.
  'GET /sign-in/methods': open(200),
  'GET /sign-in/oidc': open(404),
  'GET /sign-in/oidc/callback': open(404),
  'GET /sessions': login(200),
  'GET /sessions/current': login(200),
  'DELETE /sessions': login(204),
  'DELETE /sessions/current': login(204),
  'DELETE /sessions/others': login(204),
  'DELETE /sessions/{sessionId}': login(204, { ids: ['sessionId'] }, 404),
  'GET /me': ownRead(200),
  'PUT /me/password': login(401, { json: { current: 'wrong', next: 'long enough' } }),
  // People without a password here need none.
  'DELETE /me': login(204, { json: {} }),
  'GET /me/removal': login(200),
  'GET /me/export': login(200),
  'POST /me/pairings': login(201),
  'POST /one-time-codes/look': open(404, { json: { code: 'guessed' } }),
  'POST /one-time-codes/use': open(404, { json: { code: 'guessed' } }),
  'POST /invitations': admin(201, { json: { username: '{name}' } }),
  'GET /me/keys': login(200),
  'POST /me/keys': login(201, { json: { name: 'k', scopes: ['read'] } }),
  'POST /me/keys/{keyId}/rotation': login(201, { json: { overlapSeconds: 0 }, ids: ['keyId'] }, 404),
  'DELETE /me/keys/{keyId}': login(204, { ids: ['keyId'] }, 404),
  'GET /users': review(200),
  'POST /users': admin(201, { json: { username: '{name}', password: 'long enough' } }),
  'GET /users/{id}': review(200, ofUser),
  'PATCH /users/{id}': admin(200, { json: { isActive: false }, ...ofUser }),
  'DELETE /users/{id}': admin(204, ofUser),
  'GET /users/{id}/sessions': review(200, ofUser),
  'DELETE /users/{id}/sessions': admin(204, ofUser),
  'DELETE /users/{id}/sessions/{sessionId}': admin(204, { ids: ['userId', 'theirSessionId'] }),
  'GET /users/{id}/keys': review(200, ofUser),
  'DELETE /users/{id}/keys/{keyId}': admin(204, { ids: ['userId', 'theirKeyId'] }),
  'GET /users/{id}/removal': admin(200, ofUser),
  'GET /users/{id}/export': admin(200, ofUser),
  'POST /users/{id}/invitation': admin(201, ofUser),
  'POST /users/{id}/reset-link': admin(201, ofUser),
  'GET /users/{id}/devices': review(200, ofUser),
  'DELETE /users/{id}/devices/{deviceId}': admin(204, { ids: ['userId', 'theirDeviceId'] }),
  'POST /users/{id}/devices/{deviceId}/transfer': admin(200, {
    json: { userId: '{otherUserId}' },
    ids: ['userId', 'theirDeviceId'],
  }),
  'GET /groups': review(200),
  'POST /groups': admin(201, { json: { name: '{name}' } }),
  'GET /groups/{id}': review(200, ofGroup),
  'PATCH /groups/{id}': admin(200, { json: { name: '{name}' }, ...ofGroup }),
  'DELETE /groups/{id}': admin(204, ofGroup),
  'PUT /groups/{id}/members/{userId}': admin(204, { ids: ['groupId', 'userId'] }),
  'DELETE /groups/{id}/members/{userId}': admin(204, { ids: ['groupId', 'userId'] }),
  'PUT /groups/{id}/subscriptions/{serviceId}': admin(204, { ids: ['groupId', 'serviceId'] }),
  'DELETE /groups/{id}/subscriptions/{serviceId}': admin(204, { ids: ['groupId', 'serviceId'] }),
  'GET /services': ownRead(200),
  'POST /services': admin(201, { json: { category: '{name}', color: '000000' } }),
  'GET /services/{serviceId}': reviewService(200, ofService),
  'PATCH /services/{serviceId}': manage(200, { json: { owner: 'x' }, ...ofService }),
  'DELETE /services/{serviceId}': admin(204, ofService),
  'GET /services/{serviceId}/subscribers': reviewService(200, ofService),
  'PUT /services/{serviceId}/owners/{id}': manage(204, { ids: ['serviceId', 'userId'] }),
  'DELETE /services/{serviceId}/owners/{id}': manage(404, { ids: ['serviceId', 'userId'] }),
  'GET /services/{serviceId}/keys': reviewService(200, ofService),
  'POST /services/{serviceId}/keys': manage(201, { json: { name: 'k' }, ...ofService }),
  'POST /services/{serviceId}/keys/{keyId}/rotation': manage(201, {
    json: { overlapSeconds: 0 },
    ids: ['serviceId', 'serviceKeyId'],
  }),
  'DELETE /services/{serviceId}/keys/{keyId}': manage(204, { ids: ['serviceId', 'serviceKeyId'] }),
  'PUT /subscriptions/{serviceId}': ownWrite(204, ofService),
  'DELETE /subscriptions/{serviceId}': ownWrite(204, ofService),
  'POST /services/{serviceId}/notifications': publish({ title: 't' }),
  'POST /notifications': admin(201, { json: { title: 't', userIds: ['{userId}'] } }),
  'GET /notifications/{id}/counts': reviewService(200, { ids: ['notificationId'] }),
  'GET /notifications/{id}/deliveries': reviewService(200, { ids: ['notificationId'] }),
  'GET /inbox': ownRead(200),
  'GET /inbox/unread': ownRead(200),
  'GET /inbox/{id}': ownRead(200, { ids: ['notificationId'] }, 404),
  'PATCH /inbox/{id}': ownWrite(204, { json: { status: 'read' }, ids: ['notificationId'] }, 404),
  'POST /inbox/mark-all-read': ownWrite(204),
  'GET /stream': login(200),
  'POST /devices': ownWrite(201, { json: { kind: 'mqtt' } }),
  'GET /devices': ownRead(200),
  'DELETE /devices/{id}': ownWrite(204, { ids: ['deviceId'] }, 404),
  'GET /webpush/key': open(200),
  'POST /receipts': open(403, { json: { token: 'A'.repeat(32), event: 'opened' } }),
  'GET /stats': review(200),
  'GET /audit': review(200),
  'GET /audit/export': review(200),
  'GET /providers': review(200),
  'PUT /providers/apns': admin(422, { json: APNS }),
  'PUT /providers/fcm': admin(422, { json: FCM }),
  'DELETE /providers/{name}': admin(404, { ids: ['provider'] }),
};

const mark = { json: [{ id: 1, status: 'read' }] };
const NOTIFY: Readonly<Record<string, AccessRow>> = {
  'POST /login': open(401, { form: 'username={name}&password=wrong' }),
  'GET /-/health': open(200),
  'POST /open_id_connect': open(404),
  'GET /services/': ownRead(200),
  'POST /services/': admin(201, { json: { category: '{name}', color: '000000', owner: 'x' } }),
  'PATCH /services/{service_id}': admin(200, { json: { owner: 'x' }, ...ofService }),
  'DELETE /services/{service_id}': admin(204, ofService),
  'GET /services/{service_id}/notifications': admin(200, ofService),
  'POST /services/{service_id}/notifications': publish({ title: 't' }),
  'GET /users/user/profile': ownRead(200),
  'GET /users/user/services': ownRead(200),
  'PATCH /users/user/services': ownWrite(204, { json: [{ id: '{serviceId}', is_subscribed: true }] }),
  'GET /users/user/notifications': ownRead(200),
  'PATCH /users/user/notifications': ownWrite(204, mark),
};
const V1: Readonly<Record<string, AccessRow>> = {
  ...NOTIFY,
  'POST /users/user/apn-token': ownWrite(201, { json: { apn_token: '{name}' } }),
};
const V2: Readonly<Record<string, AccessRow>> = {
  ...NOTIFY,
  'POST /users/user/device-token': ownWrite(201, { json: { device_token: '{name}' } }),
  'GET /users/': admin(200),
  'PATCH /users/{user_id}': admin(200, { json: { is_active: false }, ...ofUser }),
  'DELETE /users/{user_id}': admin(204, ofUser),
  'DELETE /users/{user_id}/device-token': admin(204, { json: { device_token: '{name}' }, ...ofUser }),
};

export const ACCESS: Readonly<Record<string, Readonly<Record<string, AccessRow>>>> = {
  v1: V1,
  v2: V2,
  v3: V3,
};
