import type { DeviceAddress, DeviceKind } from '@tocsin/push';
import type { FastifyRequest } from 'fastify';
import type { Accounts } from '../identity/accounts.ts';
import type { Identity } from '../identity/identity.ts';
import type { Ingest } from '../ingest/draft.ts';
import type { Clock } from '../lib/clock.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { Database } from '../store/database.ts';

export interface StreamLimits {
  readonly keepAliveMs: number;
  /** A reader this far behind is given nothing more until it has read that. */
  readonly mostBufferedBytes: number;
  /** After so long without reading it is cut off; it resumes with Last-Event-ID and misses nothing. */
  readonly patienceMs: number;
}

/** What the routes of API v3 need; built once in app.ts. */
export interface ApiDeps {
  readonly database: Database;
  readonly identity: Identity;
  readonly accounts: Accounts;
  readonly ingest: Ingest;
  readonly receipts: Receipts;
  readonly live: LiveHub;
  /** Providers that are parked now, on any node; times in ms since the epoch. */
  readonly parkings: () => Promise<readonly { provider: string; reason: string; parkedUntil: number }[]>;
  readonly clock: Clock;
  /** Says what is wrong with an address, or null. */
  readonly checkAddress: (kind: DeviceKind, device: DeviceAddress) => string | null;
  /** May this request publish to the service without a login? Unknown service: by the default policy. */
  readonly mayPublish: (serviceId: string, request: FastifyRequest) => Promise<boolean>;
  /** The client's address, proxies already looked through. */
  readonly clientAddress: (request: FastifyRequest) => string;
  /** The only category of services that the demo account is shown. */
  readonly demoService: string;
  readonly webPushPublicKey: string;
  /** Tests wait shorter and fill less. */
  readonly stream?: Partial<StreamLimits>;
}
