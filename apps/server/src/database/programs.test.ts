import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNativeDirectory } from './platform.ts';
import { placePrograms } from './programs.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };
let root: string;
let places: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-programs-'));
  chmodSync(root, 0o755);
  places = [join(root, 'first'), join(root, 'second')];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The package as npm leaves it when install scripts are off: without its links. */
function installWithoutScripts(parent: string): string {
  const installed = findNativeDirectory();
  const native = join(parent, 'package', 'native');
  cpSync(installed, native, { recursive: true, verbatimSymlinks: true });
  cpSync(join(dirname(installed), 'package.json'), join(parent, 'package', 'package.json'));
  for (const { target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[]) {
    rmSync(join(parent, 'package', target), { force: true });
  }
  return native;
}
const version = (programs: string, owner: object) =>
  execFileSync(join(programs, 'bin', 'initdb'), ['--version'], { encoding: 'utf8', cwd: '/', ...owner });

describe("PostgreSQL's programs", () => {
  it('run where install scripts were off: the links and modes are made', () => {
    const native = installWithoutScripts(root);
    chmodSync(join(native, 'bin', 'postgres'), 0o644);
    expect(placePrograms(native, [], null)).toBe(native);
    expect(lstatSync(join(native, 'bin', 'postgres')).mode & 0o777).toBe(0o755);
    expect(version(native, {})).toMatch(/^initdb \(PostgreSQL\) 18/);
  });

  it.runIf(process.getuid?.() === 0)(
    'are copied once out of a home that the user they run as cannot enter',
    () => {
      const home = join(root, 'home');
      mkdirSync(home, { mode: 0o700 });
      const native = installWithoutScripts(home);
      const copy = placePrograms(native, places, NOBODY);
      expect(copy).toMatch(/first\/postgres-18/);
      expect(version(copy, NOBODY)).toMatch(/^initdb \(PostgreSQL\) 18/);
      writeFileSync(join(copy, 'mark'), 'still the first copy');
      expect(placePrograms(native, places, NOBODY)).toBe(copy);
      expect(readFileSync(join(copy, 'mark'), 'utf8')).toBe('still the first copy');
    },
  );

  it.runIf(process.getuid?.() === 0)('are never taken from a place where others could have put them', () => {
    const home = join(root, 'home');
    mkdirSync(home, { mode: 0o700 });
    const native = installWithoutScripts(home);
    mkdirSync(join(root, 'first'));
    chmodSync(join(root, 'first'), 0o777);
    expect(placePrograms(native, places, NOBODY)).toMatch(/second\/postgres-18/);
  });
});
