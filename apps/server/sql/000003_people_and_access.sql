-- Who may do what: roles, groups, who may see a service, logins with where they come from, keys, one-time codes,
-- and the log of every change.

alter table user_account
  add column is_auditor boolean not null default false,
  -- Who vouches for the account; 'demo' is the one for the reviewers of the app stores.
  add column origin text not null default 'local' check (origin in ('local', 'ldap', 'url', 'oidc', 'demo'));
-- Whoever has no password here was vouched for elsewhere; the next sign-in says where.
update user_account set origin = 'url' where password_hash is null;
update user_account set origin = 'demo' where username = 'demo';

alter table login_token
  add column device text not null default '',
  add column address text not null default '',
  add column last_used_at timestamptz,
  add column last_address text not null default '';

create table user_group (
  id bigint generated always as identity primary key,
  name text not null unique,
  source text not null default 'local' check (source in ('local', 'ldap', 'oidc')),
  -- What the directory or the provider calls it; its members follow from their sign-ins.
  external_name text,
  created_at timestamptz not null default now(),
  check ((source = 'local') = (external_name is null))
);
create unique index user_group_external on user_group (source, lower(external_name));

create table group_member (
  group_id bigint not null references user_group on delete cascade,
  user_id bigint not null references user_account on delete cascade,
  primary key (group_id, user_id)
);
create index group_member_by_user on group_member (user_id);

alter table service
  -- Only its groups, its owners and administrators see it.
  add column is_restricted boolean not null default false,
  -- Whoever may see it is subscribed, and stays so.
  add column is_mandatory boolean not null default false;

create table service_group (
  service_id uuid not null references service on delete cascade,
  group_id bigint not null references user_group on delete cascade,
  primary key (service_id, group_id)
);
create index service_group_by_group on service_group (group_id);

create table service_owner (
  service_id uuid not null references service on delete cascade,
  user_id bigint not null references user_account on delete cascade,
  primary key (service_id, user_id)
);
create index service_owner_by_user on service_owner (user_id);

-- Members are subscribed when they join or when the rule is made.
create table group_subscription (
  group_id bigint not null references user_group on delete cascade,
  service_id uuid not null references service on delete cascade,
  primary key (group_id, service_id)
);
create index group_subscription_by_service on group_subscription (service_id);

-- Set when a rule of a group made it: it ends with the membership.
alter table subscription add column group_id bigint references user_group on delete set null;
create index subscription_by_group on subscription (group_id) where group_id is not null;

create table access_key (
  id bigint generated always as identity primary key,
  -- A key of a service publishes to it; a personal one may what its scopes and its person allow.
  service_id uuid references service on delete cascade,
  user_id bigint references user_account on delete cascade,
  name text not null,
  -- The beginning of the key, to recognise it by.
  prefix text not null,
  hash bytea not null unique,
  scopes text[] not null check (scopes <@ array['publish', 'signal', 'read', 'admin']),
  -- Null: not limited.
  service_ids uuid[],
  monitor_ids bigint[],
  created_at timestamptz not null,
  created_by bigint references user_account on delete set null,
  expires_at timestamptz,
  -- Rotated: the key that takes its place.
  replaced_by bigint references access_key on delete set null,
  last_used_at timestamptz,
  last_address text not null default '',
  check ((service_id is null) <> (user_id is null))
);
create index access_key_by_service on access_key (service_id) where service_id is not null;
create index access_key_by_user on access_key (user_id) where user_id is not null;
create index access_key_by_successor on access_key (replaced_by) where replaced_by is not null;

insert into access_key (service_id, name, prefix, hash, scopes, created_at)
select id, 'publishing key', 'tsk_', publish_key_hash, array['publish'], now() from service where publish_key_hash is not null;
alter table service drop column publish_key_hash;

-- Invitations, password resets and pairings: each code works once and not for long.
create table one_time_code (
  hash bytea primary key,
  purpose text not null check (purpose in ('invitation', 'reset', 'pairing')),
  user_id bigint not null references user_account on delete cascade,
  created_by bigint references user_account on delete set null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index one_time_code_by_user on one_time_code (user_id);
create index one_time_code_by_age on one_time_code (expires_at);

alter table device
  add column last_receipt_at timestamptz,
  add column last_receipt smallint;

-- Who did what, from where. Only ever appended; retention drops whole months.
create table audit_entry (
  id bigint generated by default as identity,
  -- The database's own clock: nobody else's is believed here.
  at timestamptz not null default clock_timestamp(),
  node text not null,
  actor text not null check (actor in ('user', 'key', 'system', 'anonymous')),
  -- The user; of a key its person, if it has one.
  actor_id bigint,
  actor_name text not null default '',
  address text not null default '',
  request_id text,
  action text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  subject text not null,
  subject_id text,
  subject_name text not null default '',
  before jsonb,
  after jsonb,
  detail text,
  -- How often, when the same was refused again and again.
  times integer not null default 1,
  primary key (id, at)
) partition by range (at);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only ever appended to';
end $$;
create trigger audit_is_append_only before update or delete on audit_entry
  for each row execute function refuse_change();

-- A row for every change that may end or widen what somebody may do: what nodes remember holds until there is a new one.
create table access_change (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp()
);
create index access_change_by_age on access_change (at);

create function note_access_change() returns trigger language plpgsql as $$
begin
  insert into access_change default values;
  return null;
end $$;
create trigger note_access_change after update of username, is_active, is_admin, is_auditor, password_hash or delete
  on user_account for each statement execute function note_access_change();
create trigger note_access_change after update of revoked_at or delete
  on login_token for each statement execute function note_access_change();
create trigger note_access_change after update of hash, scopes, service_ids, monitor_ids, expires_at or delete
  on access_key for each statement execute function note_access_change();
create trigger note_access_change after insert or update or delete
  on service for each statement execute function note_access_change();
create trigger note_access_change after insert or update or delete
  on service_owner for each statement execute function note_access_change();
create trigger note_access_change after insert or update or delete
  on service_group for each statement execute function note_access_change();
create trigger note_access_change after insert or update or delete
  on group_member for each statement execute function note_access_change();
