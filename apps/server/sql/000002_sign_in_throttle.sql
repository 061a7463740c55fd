-- Failed sign-ins, counted for all nodes together and across restarts.

create table sign_in_throttle (
  -- A hash of the account, the address or both: what was typed as a name may have been a password.
  key text primary key,
  -- Sign-ins that did not succeed; one under way counts as failed until it has.
  failures integer not null,
  delayed_until timestamptz not null,
  changed_at timestamptz not null,
  -- The account has signed in from this address: strangers cannot delay it there.
  is_familiar boolean not null default false
);
create index sign_in_throttle_by_change on sign_in_throttle (changed_at);
