/**
 * Cookies for browsers, the login first of all: no script can read them. `__Host-` binds them to this very host (RFC 6265bis §4.1.3.2)
 * and needs HTTPS; on a plain LAN address they go without.
 */
import type { FastifyRequest } from 'fastify';

const LOGIN = 'tocsin';

export const loginCookie = (token: string, expiresAt: Date, isSecure: boolean) =>
  setCookie(LOGIN, token, `Expires=${expiresAt.toUTCString()}`, isSecure);

/** Makes the browser forget it. */
export const noLoginCookie = (isSecure: boolean) => setCookie(LOGIN, '', 'Max-Age=0', isSecure);

export const readLoginCookie = (header: string | undefined, isSecure: boolean) =>
  readCookie(LOGIN, header, isSecure);

const nameFor = (name: string, isSecure: boolean) => (isSecure ? `__Host-${name}` : name);

/** `life` is Max-Age or Expires. */
export function setCookie(name: string, value: string, life: string, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${nameFor(name, isSecure)}=${value}; ${life}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

/** Over HTTPS only the cookie counts that can have come by HTTPS alone. */
export function readCookie(name: string, header: string | undefined, isSecure: boolean): string | null {
  const prefix = `${nameFor(name, isSecure)}=`;
  const found = header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix));
  return found === undefined ? null : found.slice(prefix.length);
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a browser says that the request comes from a page of this server: by Sec-Fetch-Site (Fetch Metadata), or by
 * Origin (RFC 6454 §7) where it is older. One that says neither is refused: SameSite=Lax alone lets a neighbour
 * on the same site through.
 */
export function isOwnPage(request: Pick<FastifyRequest, 'method' | 'headers'>): boolean {
  if (SAFE.has(request.method)) return true;
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
