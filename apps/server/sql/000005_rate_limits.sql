-- Requests per minute, counted for all nodes together. Unlogged: after a crash everybody starts anew, and nothing else is lost.

create unlogged table rate_count (
  -- Minutes since the epoch, by the clock of the node that counted.
  minute bigint not null,
  -- What is limited and whose it is: 'address 192.0.2.7', 'user 12', 'key tsk_ab12cd'.
  subject text not null,
  count bigint not null,
  primary key (minute, subject)
);
