import type { DeviceAddress, DeviceKind } from '@tocsin/push';
import type { AccessKeys } from '../administration/access-keys.ts';
import type { Accounts } from '../administration/accounts.ts';
import type { Devices } from '../administration/devices.ts';
import type { Groups } from '../administration/groups.ts';
import type { Invitations } from '../administration/invitations.ts';
import type { OneTimeCodes } from '../administration/one-time-codes.ts';
import type { ProviderCredentials } from '../administration/provider-credentials.ts';
import type { Services } from '../administration/services.ts';
import type { Sessions } from '../administration/sessions.ts';
import type { Audit } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import type { BrowserSignIn } from '../identity/open-id/browser.ts';
import type { PublishAccess } from '../identity/publish-access.ts';
import type { RequestLimits } from '../identity/request-limits.ts';
import type { Ingest } from '../ingest/draft.ts';
import type { Clock } from '../lib/clock.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { Database } from '../store/database.ts';
import type { ProviderName } from '../store/provider-credential.ts';
import type { Client } from './edge/client.ts';

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
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly accessKeys: AccessKeys;
  readonly services: Services;
  readonly groups: Groups;
  readonly providerCredentials: ProviderCredentials;
  /** How Apple and Google are set up. */
  readonly providers: () => Promise<
    readonly {
      readonly name: ProviderName;
      readonly source: 'file' | 'stored' | null;
      readonly about: Readonly<Record<string, string>>;
    }[]
  >;
  readonly devices: Devices;
  readonly invitations: Invitations;
  readonly oneTimeCodes: OneTimeCodes;
  readonly ingest: Ingest;
  readonly receipts: Receipts;
  readonly live: LiveHub;
  /** Providers that are parked now, on any node; times in ms since the epoch. */
  readonly parkings: () => Promise<readonly { provider: string; reason: string; parkedUntil: number }[]>;
  readonly clock: Clock;
  /** Says what is wrong with an address, or null. */
  readonly checkAddress: (kind: DeviceKind, device: DeviceAddress) => string | null;
  /** Who may publish. */
  readonly access: PublishAccess;
  readonly limits: RequestLimits;
  /** Where requests come from. */
  readonly client: Client;
  /** The only category of services that the demo account is shown. */
  readonly demoService: string;
  readonly webPushPublicKey: string;
  /** Null where no OpenID provider is set up for browsers. `label`: what the button says. */
  readonly openId: { readonly label: string; readonly browser: BrowserSignIn } | null;
  /** Where people reach this server; null: where the request did. */
  readonly publicUrl: string | null;
  /** Tests wait shorter and fill less. */
  readonly stream?: Partial<StreamLimits>;
}
