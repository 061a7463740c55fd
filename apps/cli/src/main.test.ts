import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../bin/tocsin.mjs', import.meta.url));

function tocsin(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

describe('tocsin', () => {
  it('explains its commands', async () => {
    const { code, output } = await tocsin('--help');
    expect(code).toBe(0);
    for (const command of ['backup', 'restore', 'rotate-key']) expect(output).toContain(command);
    expect((await tocsin('backup', '--help')).output).toContain('--with-key');
  });

  it.each([[['restore']], [['backup', '--colour']], [['bakup']]])(
    '%j is wrong usage: exit code 64',
    async (args) => {
      const { code, errors } = await tocsin(...args);
      expect(code).toBe(64);
      expect(errors).toMatch(/^error: /);
    },
  );

  it("ends with the exit code of the server's program", async () => {
    const { code, errors } = await tocsin('restore', 'nowhere.tar.gz');
    expect(code).toBe(1);
    expect(errors).toContain('there is no such file');
  });
});
