-- A count is updated up to four times a second for a minute and never again: room on its page keeps the update there and out
-- of the index, and what was left behind goes soon. Not vacuumed by a share of the table: its size changes by the hour.
alter table rate_count set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
