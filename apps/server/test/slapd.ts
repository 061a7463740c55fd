/** A real OpenLDAP server with TLS, as Debian packages it, for the tests of LDAP. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeCertificate, type Validity } from './certificate.ts';
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
  /** As an administrator of the directory would, so that its `memberOf` follows. */
  add(ldif: string): void;
  /** It goes on accepting connections and says nothing any more. */
  /** Resolves when no thread of it runs any more: a signal takes its time on a busy machine. */
  freeze(): Promise<void>;
  thaw(): void;
  stop(): Promise<void>;
}

/** `entries` is LDIF below the suffix. `validity` of the certificate: one that is over, or one that is not. */
export async function startSlapd(entries: string, validity: Validity = 'valid'): Promise<Slapd> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-slapd-'));
  const { cert, key } = makeCertificate(validity);
  writeFileSync(join(directory, 'cert.pem'), cert);
  writeFileSync(join(directory, 'key.pem'), key);
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
    ca: cert,
    remove: (dn) => void execFileSync('ldapdelete', [...asRoot(ldap), dn], { stdio: 'pipe' }),
    add: (ldif) => void execFileSync('ldapadd', asRoot(ldap), { input: ldif, stdio: 'pipe' }),
    async freeze() {
      server.kill('SIGSTOP');
      while (!isStopped(server.pid ?? 0)) await delay(STATE_POLL_MS);
    },
    thaw: () => void server.kill('SIGCONT'),
    async stop() {
      await end(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const STATE_POLL_MS = 5;

/** proc(5): the state of every thread stands behind the name of the program. */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  });
}

const asRoot = (url: string) => ['-x', '-H', url, '-D', ROOT.dn, '-w', ROOT.password];

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
    'moduleload memberof',
    `TLSCertificateFile ${join(directory, 'cert.pem')}`,
    `TLSCertificateKeyFile ${join(directory, 'key.pem')}`,
    // As some servers are set up: a bind with an empty password succeeds, as nobody.
    'allow bind_anon_cred bind_anon_dn',
    'database mdb',
    `suffix ${SUFFIX}`,
    `rootdn ${ROOT.dn}`,
    `rootpw "${ROOT.password}"`,
    `directory ${join(directory, 'data')}`,
    // Roles are groups that only their members' entries tell of.
    'overlay memberof',
    'memberof-group-oc organizationalRole',
    'memberof-member-ad roleOccupant',
  ];
  writeFileSync(join(directory, 'slapd.conf'), `${lines.join('\n')}\n`);
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
