import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An Apple key of our own making, and the settings that use it against a sink. */
export function apnsSettings(cacheFolder: string, port: number, caFile: string): Record<string, string> {
  const keyFile = join(cacheFolder, 'bench.p8');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return {
    APNS_KEY_FILE: keyFile,
    APNS_KEY_ID: 'BENCHKEY01',
    APNS_TEAM_ID: 'BENCHTEAM1',
    APNS_TOPIC: 'example.bench',
    APNS_URL: `https://localhost:${port}`,
    APNS_CA_FILE: caFile,
  };
}
