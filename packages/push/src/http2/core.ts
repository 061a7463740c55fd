import type { Http2Client, Http2ClientOptions } from './client.ts';
import { type ConnectionOwner, SURROUNDINGS } from './connection.ts';
import { CoreConnection } from './core-connection.ts';
import { Pool } from './pool.ts';
import { secureContextOf } from './secure.ts';

/** The client to use: our own HTTP/2 over TLS sockets. */
export function createCoreClient(options: Http2ClientOptions): Http2Client {
  const secureContext = secureContextOf(options);
  const dial = (owner: ConnectionOwner) => new CoreConnection(options, secureContext, owner, SURROUNDINGS);
  return new Pool(options, dial, SURROUNDINGS);
}
