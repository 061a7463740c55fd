import type { Http2Client, Http2ClientOptions } from './client.ts';
import { type ConnectionOwner, SURROUNDINGS } from './connection.ts';
import { NodeConnection } from './node-connection.ts';
import { Pool } from './pool.ts';
import { secureContextOf } from './secure.ts';

/** A client over `node:http2`: the oracle of the contract suite, and the fallback. About 20× the CPU of the core. */
export function createNodeClient(options: Http2ClientOptions): Http2Client {
  const secureContext = secureContextOf(options);
  const dial = (owner: ConnectionOwner) => new NodeConnection(options, secureContext, owner, SURROUNDINGS);
  return new Pool(options, dial, SURROUNDINGS);
}
