/**
 * A login in a cookie, for browsers: no script can read it. `__Host-` binds it to this very host (RFC 6265bis §4.1.3.2)
 * and needs HTTPS; on a plain LAN address it goes without.
 */
import type { FastifyRequest } from 'fastify';

const SECURE = '__Host-tocsin';
const PLAIN = 'tocsin';

const attributes = (isSecure: boolean) => `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
const nameFor = (isSecure: boolean) => (isSecure ? SECURE : PLAIN);

export function loginCookie(token: string, expiresAt: Date, isSecure: boolean): string {
  return `${nameFor(isSecure)}=${token}; Expires=${expiresAt.toUTCString()}; ${attributes(isSecure)}`;
}

/** Makes the browser forget it. */
export function noLoginCookie(isSecure: boolean): string {
  return `${nameFor(isSecure)}=; Max-Age=0; ${attributes(isSecure)}`;
}

/** Over HTTPS only the cookie counts that can have come by HTTPS alone. */
export function readLoginCookie(header: string | undefined, isSecure: boolean): string | null {
  const prefix = `${nameFor(isSecure)}=`;
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
