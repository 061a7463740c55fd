/** The browsers of the tests. CI has them all; elsewhere a missing one is named and its tests are skipped. */
import { existsSync } from 'node:fs';

/** Path of the browser that Debian's package installs, or null after saying so. Throws in CI. */
export function browserPath(name: 'chromium' | 'firefox-esr'): string | null {
  const path = `/usr/bin/${name}`;
  if (existsSync(path)) return path;
  const missing = `${name} is not installed: apt-get install ${name}`;
  if (process.env.CI) throw new Error(missing);
  console.warn(`${'!'.repeat(80)}\nSKIPPED: ${missing}\n${'!'.repeat(80)}`);
  return null;
}
