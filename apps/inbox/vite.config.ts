/** Builds the page and, after it, the service worker that keeps the page's files for offline starts. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin } from 'vite';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const OUTPUT = join(ROOT, 'dist');

/** Files of the finished page, `/`-rooted. Source maps, dot files and the worker itself are not kept offline. */
function pageFiles(): string[] {
  return readdirSync(OUTPUT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => `/${relative(OUTPUT, join(entry.parentPath, entry.name)).split(sep).join('/')}`)
    .filter((path) => !path.endsWith('.map') && path !== '/sw.js')
    .sort();
}

/** What the worker keeps: the page is kept as `/`, and the version changes with any byte of any file. */
function shellOf(files: readonly string[]) {
  const hash = createHash('sha256');
  for (const path of files) hash.update(path).update(readFileSync(join(OUTPUT, path)));
  const urls = files.map((path) => (path === '/index.html' ? '/' : path));
  return { version: hash.digest('hex').slice(0, 12), urls };
}

/** A build of its own: a service worker is one classic script at the root, without a hash in its name. */
function serviceWorker(): Plugin {
  return {
    name: 'tocsin-service-worker',
    apply: 'build',
    async closeBundle() {
      await build({
        configFile: false,
        root: ROOT,
        logLevel: 'warn',
        publicDir: false,
        define: { __SHELL__: JSON.stringify(shellOf(pageFiles())) },
        build: {
          outDir: OUTPUT,
          emptyOutDir: false,
          modulePreload: false,
          rolldownOptions: {
            input: join(ROOT, 'src/sw/worker.ts'),
            output: { format: 'iife', entryFileNames: 'sw.js' },
          },
        },
      });
    },
  };
}

export default defineConfig({
  root: ROOT,
  plugins: [react(), serviceWorker()],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    // The content security policy allows files of this origin only: nothing is inlined as data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
  },
});
