import type { NotificationAction, Priority } from '@tocsin/push';

/** What somebody wants to say, validated and authorised at the edge, not yet stored. */
export interface Draft {
  /** The service it is published to, or null when it is addressed to `userIds` / `deviceIds`. */
  readonly serviceId: string | null;
  readonly userIds: readonly number[];
  readonly deviceIds: readonly number[];
  readonly title: string;
  readonly subtitle: string;
  readonly body: string;
  readonly url: string;
  readonly priority: Priority;
  readonly ttlSeconds: number;
  readonly collapseKey: string | null;
  readonly actions: readonly NotificationAction[];
  readonly data: Readonly<Record<string, string>>;
  /** Who said it, for the log: 'api/v2', 'api/v3', 'mqtt:<device>', an integration's name. */
  readonly source: string;
  /** A repeat with the same scope and key gets the first answer; with another `hash` it is a conflict. */
  readonly idempotency: { readonly scope: string; readonly key: string; readonly hash: Buffer } | null;
}

/** Everything a draft may leave out. */
export const DRAFT_DEFAULTS = {
  userIds: [],
  deviceIds: [],
  subtitle: '',
  body: '',
  url: '',
  priority: 'normal',
  ttlSeconds: 86_400,
  collapseKey: null,
  actions: [],
  data: {},
  idempotency: null,
} as const satisfies Partial<Draft>;

/** What is answered once the notification is durable. */
export type Acceptance =
  | {
      readonly kind: 'accepted';
      readonly id: number;
      readonly uuid: string;
      readonly createdAt: Date;
      readonly replayed: boolean;
    }
  | { readonly kind: 'unknown-service' }
  | { readonly kind: 'idempotency-conflict' };

/** The one way in. Resolves after the commit; rejects with `IngestBusy` (answer 503 + Retry-After) when it cannot promise durability. */
export interface Ingest {
  accept(draft: Draft): Promise<Acceptance>;
}

export class IngestBusy extends Error {
  readonly retryAfterSeconds: number;
  constructor(reason: string, retryAfterSeconds = 1) {
    super(reason);
    this.name = 'IngestBusy';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
