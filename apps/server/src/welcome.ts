/** What is printed when the server is up: where to open it, the first password, a curl that works as it stands. */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Ports } from './app.ts';
import type { Config } from './config.ts';
import type { FirstAdmin } from './identity/local-accounts.ts';
import { hostNameOf, isSelfSigned } from './lib/tls-pair.ts';
import type { Queryable } from './store/database.ts';
import { createService, listServicesFor } from './store/service.ts';

export interface Welcome {
  readonly config: Config;
  readonly database: Queryable;
  readonly ports: Ports;
  readonly firstAdmin: FirstAdmin | null;
}

/** A new server gets one service, so that there is something to publish to. */
export async function welcome({ config, database, ports, firstAdmin }: Welcome): Promise<string> {
  const cert = config.files.TLS_CERT_FILE;
  const host = cert === undefined ? 'localhost' : hostNameOf(cert);
  const local = `${cert === undefined ? 'http' : 'https'}://${host}:${ports.httpPort}`;
  const url = config.TOCSIN_PUBLIC_URL?.replace(/\/$/, '') ?? local;
  const services = await listServicesFor(database, 0);
  const service =
    services[0] ??
    (await createService(database, {
      id: randomUUID(),
      category: 'Hello',
      color: '0b6e99',
      owner: 'Tocsin',
    }));
  const lines = ['', `  Tocsin is running.`, '', `  Open       ${url}`, `  API docs   ${url}/api/docs`];
  if (ports.mqttPort !== null) lines.push(`  MQTT       mqtt://localhost:${ports.mqttPort}`);
  if (ports.mqttsPort !== null) lines.push(`  MQTT, TLS  mqtts://${host}:${ports.mqttsPort}`);
  if (firstAdmin) {
    const password = firstAdmin.oneTimePassword ?? '(from TOCSIN_ADMIN_PASSWORD)';
    lines.push('', `  Sign in as ${firstAdmin.username} with the password ${password}`);
    if (firstAdmin.oneTimePassword) lines.push('  It is shown only this once.');
  }
  lines.push(
    '',
    `  Publish to "${service.category}":`,
    '',
    `  curl${trustOf(config)} -X POST '${url}/api/v2/services/${service.id}/notifications' \\`,
    `    -H 'Content-Type: application/json' \\`,
    `    -d '{"title": "My message", "subtitle": "This is a test", "url": ""}'`,
    '',
    '',
  );
  return lines.join('\n');
}

/** A certificate that vouches for itself is its own authority; curl knows no other. */
function trustOf({ files, TLS_CERT_FILE: file }: Config): string {
  const cert = files.TLS_CERT_FILE;
  return cert !== undefined && file !== undefined && isSelfSigned(cert) ? ` --cacert '${resolve(file)}'` : '';
}
