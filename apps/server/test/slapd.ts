/** A real OpenLDAP server with TLS, as Debian packages it, for the tests of LDAP. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const SLAPD = '/usr/sbin/slapd';
export const SUFFIX = 'dc=example,dc=org';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const ROOT = { dn: `cn=root,${SUFFIX}`, password: 'root secret' } as const;

/** False, loudly, where the package is not installed; in CI that is an error. scripts/system-packages.mjs installs it. */
export function hasSlapd(): boolean {
  if (existsSync(SLAPD)) return true;
  if (process.env.CI) throw new Error('CI lacks the package slapd');
  console.warn('SKIPPED: the tests against a real LDAP directory (apt-get install slapd ldap-utils)');
  return false;
}

export interface Slapd {
  readonly ldap: string;
  readonly ldaps: string;
  /** Of the server's own certificate, which is for localhost and 127.0.0.1. */
  readonly ca: string;
  remove(dn: string): void;
  /** It goes on accepting connections and says nothing any more. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** `entries` is LDIF below the suffix. `validity` of the certificate: one that is over, or one that is not. */
export async function startSlapd(entries: string, validity: 'valid' | 'expired' = 'valid'): Promise<Slapd> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-slapd-'));
  makeCertificate(directory, validity);
  writeConfiguration(directory);
  const base = `dn: ${SUFFIX}\nobjectClass: domain\ndc: example\n\n`;
  const config = join(directory, 'slapd.conf');
  execFileSync('/usr/sbin/slapadd', ['-f', config], {
    input: base + entries,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [plain, secure] = [await freePort(), await freePort()];
  const ldap = `ldap://127.0.0.1:${plain}`;
  const ldaps = `ldaps://127.0.0.1:${secure}`;
  // 127.0.0.2 is an address that the certificate does not name.
  const urls = [ldap, ldaps].flatMap((url) => [url, url.replace('127.0.0.1', '127.0.0.2')]);
  const server = spawn(SLAPD, ['-f', config, '-h', urls.join(' '), '-d', '0'], { stdio: 'ignore' });
  await Promise.all([untilListens(plain), untilListens(secure)]);
  return {
    ldap,
    ldaps,
    ca: readFileSync(join(directory, 'cert.pem'), 'utf8'),
    remove: (dn) => {
      execFileSync('ldapdelete', ['-x', '-H', ldap, '-D', ROOT.dn, '-w', ROOT.password, dn], {
        stdio: 'pipe',
      });
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async stop() {
      await end(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
}

function writeConfiguration(directory: string): void {
  mkdirSync(join(directory, 'data'));
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis'];
  const lines = [
    ...schemas.map((name) => `include /etc/ldap/schema/${name}.schema`),
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    `TLSCertificateFile ${join(directory, 'cert.pem')}`,
    `TLSCertificateKeyFile ${join(directory, 'key.pem')}`,
    // As some servers are set up: a bind with an empty password succeeds, as nobody.
    'allow bind_anon_cred bind_anon_dn',
    'database mdb',
    `suffix ${SUFFIX}`,
    `rootdn ${ROOT.dn}`,
    `rootpw "${ROOT.password}"`,
    `directory ${join(directory, 'data')}`,
  ];
  writeFileSync(join(directory, 'slapd.conf'), `${lines.join('\n')}\n`);
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

/** One that signs itself. Only `openssl ca` makes certificates whose time is over. */
function makeCertificate(directory: string, validity: 'valid' | 'expired'): void {
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
}

const ATTEMPTS = 200;

async function untilListens(port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await delay(25);
    } finally {
      socket.destroy();
    }
  }
}
