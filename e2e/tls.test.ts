/** The built server with a certificate from files: what it prints works, and SIGHUP takes a new one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, newCertificate } from '@tocsin/push/testing';
import { type ServerProcess, startServer } from '@tocsin/server/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

let directory: string;
let server: ServerProcess;
const write = ({ cert, key }: Certificate) => {
  writeFileSync(join(directory, 'cert.pem'), cert);
  writeFileSync(join(directory, 'key.pem'), key);
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  write(newCertificate());
  server = await startServer({
    TLS_CERT_FILE: join(directory, 'cert.pem'),
    TLS_KEY_FILE: join(directory, 'key.pem'),
    MQTTS_PORT: '0',
  });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

function isServed({ ca }: Certificate): Promise<boolean> {
  return new Promise((resolve) => {
    request(`${server.url}/-/health`, { ca, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    })
      .on('error', () => resolve(false))
      .end();
  });
}

it('prints a curl that works as it stands', () => {
  expect(server.welcome).toContain('Open       https://localhost:');
  const command = server.welcome.slice(server.welcome.indexOf('curl'));
  const answer = execFileSync('bash', ['-c', command], { encoding: 'utf8', stdio: 'pipe' });
  expect(JSON.parse(answer)).toMatchObject({ title: 'My message' });
});

it('takes a new certificate on SIGHUP', async () => {
  const next = newCertificate();
  write(next);
  process.kill(server.pid, 'SIGHUP');
  await expect.poll(() => isServed(next), { timeout: 3_000 }).toBe(true);
  expect(server.log()).toBe('');
});
