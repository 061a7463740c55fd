/** Wires who people are and what they may do; a part of the composition root. */
import { type AccessKeys, createAccessKeys } from './administration/access-keys.ts';
import { type Accounts, createAccounts } from './administration/accounts.ts';
import { createDevices, type Devices } from './administration/devices.ts';
import { createGroups, type Groups } from './administration/groups.ts';
import { createInvitations, type Invitations } from './administration/invitations.ts';
import { createOneTimeCodes, type OneTimeCodes } from './administration/one-time-codes.ts';
import {
  createProviderCredentials,
  type ProviderCredentials,
} from './administration/provider-credentials.ts';
import { createServices, type Services } from './administration/services.ts';
import { createSessions, type Sessions } from './administration/sessions.ts';
import { type Audit, createAudit } from './audit/audit.ts';
import type { CredentialCheck, OnVerdict } from './identity/credential-check.ts';
import { createIdentity, type Identity } from './identity/identity.ts';
import { createKeys } from './identity/keys.ts';
import { createLastUse } from './identity/last-use.ts';
import type { LoginTokens } from './identity/login-tokens.ts';
import { createMemory } from './identity/memory.ts';
import type { Passwords } from './identity/passwords.ts';
import { createPublishAccess, type PublishAccess } from './identity/publish-access.ts';
import { createRequestLimits, type RequestLimits } from './identity/request-limits.ts';
import { createThrottle } from './identity/throttle.ts';
import type { Clock } from './lib/clock.ts';
import type { Networks } from './lib/network.ts';
import type { Rates } from './lib/rates.ts';
import type { Database } from './store/database.ts';
import type { Secrets } from './store/secret.ts';

export interface PeopleDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly node: string;
  readonly passwords: Passwords;
  readonly secrets: Secrets;
  readonly tokens: LoginTokens;
  readonly checks: readonly CredentialCheck[];
  readonly adminUsers: ReadonlySet<string>;
  readonly publishNetworks: Networks;
  readonly rates: Rates;
  readonly onVerdict: OnVerdict;
  /** Somebody may do more or less than before: the other nodes should know. */
  readonly onChanged: () => void;
  readonly onProvidersChanged: () => void;
  readonly onError: (error: Error) => void;
}

export interface People {
  readonly audit: Audit;
  readonly identity: Identity;
  readonly access: PublishAccess;
  readonly limits: RequestLimits;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly accessKeys: AccessKeys;
  readonly services: Services;
  readonly groups: Groups;
  readonly providerCredentials: ProviderCredentials;
  readonly devices: Devices;
  readonly invitations: Invitations;
  readonly oneTimeCodes: OneTimeCodes;
  /** Writes what was gathered. */
  drain(): Promise<void>;
}

export function buildPeople(deps: PeopleDeps): People {
  const { database, clock, onError } = deps;
  const memory = createMemory(database, clock);
  const onChanged = () => {
    memory.forget();
    deps.onChanged();
  };
  const audit = createAudit({ database, node: deps.node, onChanged, onError });
  const lastUse = createLastUse(database, clock, onError);
  const keys = createKeys(database, clock, memory);
  const throttle = createThrottle(database, clock);
  const limits = createRequestLimits({ rates: deps.rates, audit, clock });
  const administration = { database, clock, audit };
  return {
    audit,
    identity: createIdentity({ ...deps, memory, keys, lastUse, audit, throttle }),
    access: createPublishAccess({ ...deps, memory, keys, lastUse, audit, limits }),
    limits,
    accounts: createAccounts({ ...administration, passwords: deps.passwords }),
    sessions: createSessions(administration),
    accessKeys: createAccessKeys(administration),
    services: createServices(administration),
    groups: createGroups(administration),
    providerCredentials: createProviderCredentials({ ...administration, ...deps }),
    devices: createDevices(administration),
    invitations: createInvitations(administration),
    oneTimeCodes: createOneTimeCodes({ ...administration, passwords: deps.passwords, throttle }),
    async drain() {
      await lastUse.drain();
      await audit.drain();
    },
  };
}
