-- People, services, devices, notifications, the chunk queue and the delivery log.
-- Words are those of docs/glossary.md. Times are timestamptz; ids that phones see are bigint.

create table user_account (
  id bigint generated always as identity primary key,
  username text not null unique check (username = lower(username)),
  password_hash text,
  is_active boolean not null default true,
  is_admin boolean not null default false,
  created_at timestamptz not null default now(),
  -- Until when some login token of this user is valid; a user whose logins lapsed gets no push (Notify's rule).
  login_expires_at timestamptz,
  first_login_at timestamptz
);

create table login_token (
  id uuid primary key,
  user_id bigint not null references user_account on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index login_token_by_user on login_token (user_id);

create table service (
  id uuid primary key,
  category text not null,
  color text not null check (color ~ '^[0-9a-fA-F]{6}$'),
  owner text not null,
  -- Who may publish without a login: anybody, the configured networks, or holders of the key.
  publish_policy text not null default 'network' check (publish_policy in ('open', 'network', 'key')),
  publish_key_hash bytea,
  created_at timestamptz not null default now()
);

-- A subscription that ended keeps its row until the next one: fan-out asks who was subscribed at publish time.
create table subscription (
  service_id uuid not null references service on delete cascade,
  user_id bigint not null references user_account on delete cascade,
  since timestamptz not null default now(),
  until timestamptz,
  primary key (service_id, user_id)
);
create index subscription_by_user on subscription (user_id);

create table device (
  id bigint generated always as identity primary key,
  user_id bigint not null references user_account on delete cascade,
  kind text not null check (kind in ('apns', 'fcm', 'webpush', 'unifiedpush', 'mqtt', 'relay')),
  address text not null,
  -- What the address needs to be used: Web Push '<p256dh>.<auth>', MQTT the hash of the device's password.
  credential text not null default '',
  environment text not null default '' check (environment in ('', 'production', 'sandbox')),
  -- '' is a client of the Notify API v1/v2.
  app text not null default '',
  name text not null default '',
  registered_at timestamptz not null default now(),
  last_seen_at timestamptz,
  gone_at timestamptz,
  gone_reason text,
  unique (kind, address)
);
create index device_by_user on device (user_id) include (kind) where gone_at is null;

create table notification (
  id bigint generated always as identity,
  uuid uuid not null,
  service_id uuid,
  title text not null,
  subtitle text not null default '',
  body text not null default '',
  url text not null default '',
  priority smallint not null default 1,
  ttl_seconds integer not null,
  collapse_key text,
  actions jsonb not null default '[]',
  data jsonb not null default '{}',
  source text not null,
  created_at timestamptz not null,
  primary key (id, created_at)
) partition by range (created_at);
create index notification_by_service on notification (service_id, id);

create table idempotency (
  scope text not null,
  key text not null,
  request_hash bytea not null,
  notification_id bigint not null,
  notification_created_at timestamptz not null,
  primary key (scope, key)
);
create index idempotency_by_age on idempotency (notification_created_at);

create table inbox (
  user_id bigint not null,
  notification_id bigint not null,
  read_at timestamptz,
  deleted_at timestamptz,
  primary key (user_id, notification_id)
);
create index inbox_unread on inbox (user_id) where read_at is null and deleted_at is null;

-- The queue: one row per ~1,000 users (or an explicit list), never one per device.
create table chunk (
  id bigint generated always as identity primary key,
  notification_id bigint not null,
  notification_created_at timestamptz not null,
  -- 'split': the whole audience, to be cut into ranges; 'range': users from_user..to_user of the service's
  -- subscribers; 'users' / 'devices': the listed ones.
  audience text not null check (audience in ('split', 'range', 'users', 'devices')),
  from_user bigint,
  to_user bigint,
  members bigint[],
  priority smallint not null,
  run_at timestamptz not null,
  lease_until timestamptz,
  leased_by text,
  attempts integer not null default 0
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
create index chunk_claim on chunk (priority desc, run_at, id);

-- Only deliveries that must be tried again have a row of their own.
create table retry (
  notification_id bigint not null,
  device_id bigint not null,
  notification_created_at timestamptz not null,
  due_at timestamptz not null,
  attempt integer not null,
  reason text not null,
  priority smallint not null,
  lease_until timestamptz,
  primary key (notification_id, device_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
create index retry_claim on retry (due_at, priority desc);

-- Append-only. Outcomes and receipts are both events; receipts/states.ts folds them into a state.
create table delivery_event (
  notification_id bigint not null,
  device_id bigint not null,
  user_id bigint not null,
  event smallint not null,
  reason text,
  provider_id text,
  node text not null,
  at timestamptz not null
) partition by range (at);
create index delivery_event_by_notification on delivery_event using brin (notification_id) with (pages_per_range = 16);

-- Notifications an MQTT device has not acknowledged yet: the offline queue, in our database and not in a broker's memory.
create table mqtt_outbox (
  device_id bigint not null references device on delete cascade,
  notification_id bigint not null,
  notification_created_at timestamptz not null,
  payload bytea not null,
  expires_at timestamptz not null,
  primary key (device_id, notification_id)
);

-- A provider that fails as a whole: until when nothing is sent to it, and why.
create table provider_parking (
  provider text primary key,
  reason text not null,
  failures integer not null,
  parked_at timestamptz not null,
  parked_until timestamptz not null
);

-- Keys the server makes for itself at first start (login tokens, receipts, VAPID).
create table server_secret (
  name text primary key,
  value text not null,
  created_at timestamptz not null default now()
);
