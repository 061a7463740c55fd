/** Keeps the files of the page, so that the app starts at once and also without a network. Nothing of the API is ever kept. */
import { isScreen } from '../routes.ts';

/** Written by the build (vite.config.ts). */
declare const __SHELL__: { readonly version: string; readonly urls: readonly string[] };

const PREFIX = 'shell-';
const CACHE = `${PREFIX}${__SHELL__.version}`;

/** Fetches every file of this version past the browser's own cache, which may hold the last version's. */
export async function keepShell(caches: CacheStorage): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(__SHELL__.urls.map((url) => new Request(url, { cache: 'reload' })));
}

export async function dropOldShells(caches: CacheStorage): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The address in the cache that answers `request`, or null when the network has to. */
export function keptAddress(request: Request, origin: string): string | null {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin || url.pathname.startsWith('/api/')) return null;
  if (request.mode === 'navigate') return isScreen(url.pathname) ? '/' : null;
  return __SHELL__.urls.includes(url.pathname) ? url.pathname : null;
}

export async function fromShell(caches: CacheStorage, address: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  // Module scripts are asked for with an Origin header, the kept ones were not: `Vary` must not tell them apart.
  return (await cache.match(address, { ignoreVary: true })) ?? fetch(request);
}
