/** Certificates of servers of the tests, made by the `openssl` command. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One that is over, or one that is not. */
export type Validity = 'valid' | 'expired';

/** PEM. It signs itself, so that it is its own authority. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

const AUTHORITY = `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = names
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
subjectAltName = DNS:localhost,IP:127.0.0.1
`;

/** For localhost and 127.0.0.1. Only `openssl ca` makes certificates whose time is over. */
export function makeCertificate(validity: Validity = 'valid'): TestCertificate {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-certificate-'));
  try {
    return makeIn(directory, validity);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function makeIn(directory: string, validity: Validity): TestCertificate {
  writeFileSync(join(directory, 'ca.cnf'), AUTHORITY);
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(join(directory, 'serial'), '01\n');
  const openssl = (...given: string[]) =>
    execFileSync('openssl', given, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem'];
  openssl('req', '-new', ...key, '-subj', '/CN=localhost', '-out', 'request.pem');
  const to = validity === 'expired' ? '20200201000000Z' : '20490101000000Z';
  const times = ['-startdate', '20200101000000Z', '-enddate', to];
  const signing = ['-selfsign', '-keyfile', 'key.pem', '-in', 'request.pem', '-out', 'cert.pem', '-notext'];
  openssl('ca', '-batch', '-config', 'ca.cnf', ...signing, ...times);
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return { cert: read('cert.pem'), key: read('key.pem') };
}
