/**
 * The composition root: the only file that knows every room. Built in the order data flows; closed in reverse.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { generateVapidKeys, type Transport } from '@tocsin/push';
import { buildHttp } from './api/http.ts';
import { createBroker, type Broker } from './broker/broker.ts';
import { createOutboxTransport } from './broker/transport.ts';
import type { Config } from './config.ts';
import { createWorker } from './fanout/worker.ts';
import { createHousekeeping } from './housekeeping/housekeeping.ts';
import { createIdentity } from './identity/identity.ts';
import { createPublishAccess } from './identity/publish-access.ts';
import { createIngest } from './ingest/ingest.ts';
import type { Clock } from './lib/clock.ts';
import { createMetrics } from './lib/metrics.ts';
import { createHub } from './live/hub.ts';
import { createReceipts } from './receipts/receipts.ts';
import { createReceiptTokens } from './receipts/token.ts';
import { createWakeChannel } from './store/channel.ts';
import type { Database } from './store/database.ts';
import { deleteParking, putParking } from './store/parking.ts';
import { ensureSecret } from './store/secret.ts';
import { buildTransports } from './transports/build.ts';
import { createRegistry } from './transports/registry.ts';

export interface AppDeps {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: FastifyBaseLogger;
}

export interface App {
  readonly http: FastifyInstance;
  readonly webPushPublicKey: string;
  /** Starts the roles of the configuration and listens. Returns the address people can open. */
  start(): Promise<string>;
  /** Takes nothing new, finishes what is under way, closes everything it opened. */
  stop(): Promise<void>;
}
