import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSignedCertificate } from '@tocsin/push/testing';

export interface Sink {
  readonly port: number;
  /** PEM file with the certificate the clients must trust. */
  readonly caFile: string;
  stop(): void;
}

/** Compiles the sink unless the source is older than the program, and starts it on a free port. */
export async function startSink(sourceFile: string, cacheFolder: string): Promise<Sink> {
  mkdirSync(cacheFolder, { recursive: true });
  const program = join(cacheFolder, 'sink');
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(sourceFile).mtimeMs) {
    const libraries = ['-lnghttp2', '-lssl', '-lcrypto'];
    execFileSync('gcc', ['-O2', '-Wall', '-o', program, sourceFile, ...libraries], { stdio: 'inherit' });
  }
  const { cert, key } = selfSignedCertificate();
  const caFile = join(cacheFolder, 'cert.pem');
  const keyFile = join(cacheFolder, 'key.pem');
  writeFileSync(caFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const child = spawn(program, [caFile, keyFile], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { port: await firstNumber(child), caFile, stop: () => void child.kill() };
}

function firstNumber(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the sink ended with code ${code}`)));
    child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString())));
  });
}
