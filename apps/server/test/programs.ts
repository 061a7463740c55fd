/** Runs a TypeScript program of the tests as a real process, so that it can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Below node_modules, so that the packages are found from there. */
const PLACE = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** Builds the program, starts it and resolves when it has printed "ready". Rejects when it ends before. */
export async function runProgram(source: URL, args: readonly string[]): Promise<ChildProcess> {
  const outDir = mkdtempSync(join(PLACE, '.tocsin-test-'));
  try {
    const output = { entryFileNames: 'program.mjs' };
    await build({
      configFile: false,
      logLevel: 'error',
      root: outDir,
      build: { ssr: fileURLToPath(source), outDir, target: 'node20', rolldownOptions: { output } },
    });
    return await untilReady(spawn(process.execPath, [join(outDir, 'program.mjs'), ...args]));
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

function untilReady(program: ChildProcess): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string) => {
      said += text;
      if (/^ready$/m.test(said)) resolve(program);
    };
    program.stdout?.setEncoding('utf8').on('data', hear);
    program.stderr?.setEncoding('utf8').on('data', hear);
    program.once('error', reject);
    program.once('exit', (code) => reject(new Error(`the program ended with ${code}: ${said}`)));
  });
}
