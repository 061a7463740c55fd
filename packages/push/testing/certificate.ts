import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts. The certificate signs itself, so `ca` is the same text as `cert`. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const cache: { certificate?: Certificate } = {};

/**
 * An ECDSA P-256 certificate for `localhost`, `127.0.0.1` and `push.example.org`, made with the `openssl` command on first use
 * and kept for the life of the process. Throws when there is no `openssl` in the path.
 */
export function selfSignedCertificate(): Certificate {
  cache.certificate ??= newCertificate();
  return cache.certificate;
}

/** The same, another one at each call. */
export function newCertificate(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-certificate-'));
  try {
    const keyFile = join(directory, 'key.pem');
    const certFile = join(directory, 'cert.pem');
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-days', '2', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:push.example.org'];
    execFileSync('openssl', [...request, ...subject, ...names, '-keyout', keyFile, '-out', certFile], {
      stdio: 'pipe',
    });
    const cert = readFileSync(certFile, 'utf8');
    return { cert, key: readFileSync(keyFile, 'utf8'), ca: cert };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
