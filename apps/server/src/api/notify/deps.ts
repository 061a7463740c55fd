import type { Accounts } from '../../administration/accounts.ts';
import type { Devices } from '../../administration/devices.ts';
import type { Services } from '../../administration/services.ts';
import type { Identity } from '../../identity/identity.ts';
import type { OpenId } from '../../identity/open-id/phone.ts';
import type { PublishAccess } from '../../identity/publish-access.ts';
import type { RequestLimits } from '../../identity/request-limits.ts';
import type { Ingest } from '../../ingest/draft.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LiveHub } from '../../live/hub.ts';
import type { Database } from '../../store/database.ts';
import type { Client } from '../edge/client.ts';
import type { Version } from './present.ts';

export interface NotifyDeps {
  readonly version: Version;
  readonly database: Database;
  readonly identity: Identity;
  readonly ingest: Ingest;
  readonly live: Pick<LiveHub, 'marked'>;
  readonly clock: Clock;
  /** 200 for the published iOS app, which takes 201 for a wrong password. */
  readonly firstLoginStatus: 200 | 201;
  /** The only service the `demo` account is shown. */
  readonly demoService: string;
  readonly access: PublishAccess;
  readonly limits: RequestLimits;
  readonly client: Client;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly services: Services;
  /** Null where it is not configured. */
  readonly openId: OpenId | null;
}
