import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run on the sources, so that a stale build can never pass or fail them.
    alias: [
      { find: '@tocsin/contract', replacement: here('packages/contract/src/index.ts') },
      { find: '@tocsin/push/testing', replacement: here('packages/push/testing/index.ts') },
      { find: '@tocsin/server/testing/open-id', replacement: here('apps/server/test/open-id-provider.ts') },
      { find: '@tocsin/server/testing', replacement: here('apps/server/test/server-process.ts') },
      { find: '@tocsin/push', replacement: here('packages/push/src/index.ts') },
    ],
  },
  test: {
    include: [
      'packages/**/*.test.ts',
      'apps/**/*.test.ts',
      'apps/**/*.test.tsx',
      'bench/**/*.test.ts',
      'e2e/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
    globalSetup: ['apps/server/test/global-setup.ts'],
    reporters: ['default', './scripts/plain-reporter.mjs'],
  },
});
