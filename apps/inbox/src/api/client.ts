/** The typed client of API v3. Every call resolves with the answer or rejects with an `ApiFailure`. */
import { ApiFailure, type FailureCode, toFailure } from './failure.ts';
import type {
  CodeSession,
  Device,
  InboxItem,
  InboxPage,
  InboxStatus,
  Login,
  OneTimeCode,
  OneTimeLink,
  Removal,
  Service,
  Session,
  SignInWay,
  WebPushDevice,
} from './types.ts';

const TIMEOUT_MS = 15_000;
export const PAGE_SIZE = 50;
/** A file for the reader; the cookie says whose. */
export const EXPORT_PATH = '/api/v3/me/export';

export interface ApiOptions {
  /** Origin of the server without a trailing slash; empty for the page's own. */
  readonly origin: string;
  /** Null in a browser: its login is a cookie that no script can read. */
  readonly token: string | null;
  readonly isSignedIn: boolean;
  /** The server no longer takes the login: the login has ended or the account is deactivated. */
  readonly onTokenRefused: (code: FailureCode) => void;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Request = <Answer>(method: Method, path: string, body?: object) => Promise<Answer>;

export type Api = ReturnType<typeof createApi>;

export function createApi(options: ApiOptions) {
  const request = createRequest(options);
  const setSubscription = (serviceId: string, wanted: boolean) =>
    request<void>(wanted ? 'PUT' : 'DELETE', `/subscriptions/${serviceId}`);
  return {
    signIn: (username: string, password: string) =>
      request<Session>('POST', '/sessions', { username, password, cookie: true }),
    signInWays: async () => (await request<{ items: SignInWay[] }>('GET', '/sign-in/methods')).items,
    /** Of the login in the cookie. */
    currentSession: () => request<Session>('GET', '/sessions/current'),
    signOut: () => request<void>('DELETE', '/sessions/current'),
    services: async () => (await request<{ items: Service[] }>('GET', '/services')).items,
    setSubscription,
    inbox: (cursor: string | null) =>
      request<InboxPage>('GET', `/inbox?limit=${PAGE_SIZE}${cursor === null ? '' : `&cursor=${cursor}`}`),
    inboxItem: (id: number) => request<InboxItem>('GET', `/inbox/${id}`),
    mark: (id: number, status: InboxStatus) => request<void>('PATCH', `/inbox/${id}`, { status }),
    markAllRead: () => request<void>('POST', '/inbox/mark-all-read'),
    unreadCount: async () => (await request<{ count: number }>('GET', '/inbox/unread')).count,
    webPushKey: async () => (await request<{ publicKey: string }>('GET', '/webpush/key')).publicKey,
    registerDevice: (device: WebPushDevice) => request<Device>('POST', '/devices', toBody(device)),
    devices: async () => (await request<{ items: Device[] }>('GET', '/devices')).items,
    removeDevice: (id: number) => request<void>('DELETE', `/devices/${id}`),
    logins: async () => (await request<{ items: Login[] }>('GET', '/sessions')).items,
    endLogin: (id: string) => request<void>('DELETE', `/sessions/${id}`),
    endOtherLogins: () => request<void>('DELETE', '/sessions/others'),
    pair: () => request<OneTimeLink>('POST', '/me/pairings'),
    lookAtCode: (code: string) => request<OneTimeCode>('POST', '/one-time-codes/look', { code }),
    /** `password` for an invitation and a reset, `device` for a pairing that is to be pushed to. */
    redeemCode: (code: string, given: { readonly password?: string; readonly device?: WebPushDevice }) =>
      request<CodeSession>('POST', '/one-time-codes/use', {
        code,
        cookie: true,
        ...(given.password !== undefined && { password: given.password }),
        ...(given.device && { register: toBody(given.device) }),
      }),
    removal: () => request<Removal>('GET', '/me/removal'),
    deleteAccount: (password: string) => request<void>('DELETE', '/me', { password }),
  };
}

const toBody = ({ endpoint, p256dh, auth, name }: WebPushDevice) => ({
  kind: 'webpush',
  address: endpoint,
  credential: `${p256dh}.${auth}`,
  app: 'inbox',
  name,
});

function createRequest({ origin, token, isSignedIn, onTokenRefused }: ApiOptions): Request {
  return async (method, path, body) => {
    const response = await reach(`${origin}/api/v3${path}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw await refuse(response, isSignedIn ? onTokenRefused : undefined);
    if (response.status === 204) return undefined as never;
    return (await response.json()) as never;
  };
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new ApiFailure('unreachable', String(error));
  }
}

async function refuse(response: Response, onTokenRefused?: (code: FailureCode) => void): Promise<ApiFailure> {
  const failure = await toFailure(response);
  if (failure.code === 'not-authenticated' || failure.code === 'inactive-user')
    onTokenRefused?.(failure.code);
  return failure;
}
