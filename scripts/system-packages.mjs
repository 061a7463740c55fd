/**
 * What the tests need besides npm packages: real browsers, a second MQTT broker, HTTP/2 reference peers, a C
 * compiler for the provider sinks. Installed with apt as root on Debian; elsewhere named, and the tests that
 * need them are skipped. In CI nothing is ever skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run } from './lib/command.mjs';

const PACKAGES = [
  'chromium',
  'firefox-esr',
  'gcc',
  'ldap-utils',
  'libc6-dev',
  'libnghttp2-dev',
  'libssl-dev',
  'mosquitto',
  'mosquitto-clients',
  'nghttp2-client',
  'nghttp2-server',
  'openssl',
  'postgresql-15',
  'slapd',
];

/** @returns {string[]} the packages that dpkg does not report as installed; all of them without a dpkg */
function missingPackages() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's own
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...PACKAGES], {
    encoding: 'utf8',
  });
  const lines = (asked.stdout ?? '').split('\n');
  return PACKAGES.filter((name) => !lines.includes(`${name} installed`));
}

function isRootOnDebian() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version');
}

/** @param {readonly string[]} packages */
async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const updated = await run('apt-get', ['update', '-qq'], { env });
  if (updated !== 0) return updated;
  return run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

/**
 * Makes the system packages available, or sets TOCSIN_SKIP_SYSTEM=1 for the tests and says so.
 * Rejects in CI when something is missing.
 */
export async function ensureSystemPackages() {
  let missing = missingPackages();
  if (missing.length > 0 && isRootOnDebian()) {
    console.log(`Installing for the tests: ${missing.join(' ')}`);
    await aptInstall(missing);
    missing = missingPackages();
  }
  if (missing.length === 0) return;
  if (process.env.CI) throw new Error(`CI lacks system packages: ${missing.join(' ')}`);
  process.env.TOCSIN_SKIP_SYSTEM = '1';
  console.log('!'.repeat(80));
  console.log(`NOT INSTALLED: ${missing.join(' ')}`);
  console.log('The tests that need them are skipped. On Debian, as root:');
  console.log(`  apt-get install ${missing.join(' ')}`);
  console.log('!'.repeat(80));
}
