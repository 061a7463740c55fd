/** What must be done now and then: partitions ahead of time, retention, old keys, expired MQTT messages. */
import type { Clock } from '../lib/clock.ts';
import { forgetAccessChanges } from '../store/access-change.ts';
import type { Database } from '../store/database.ts';
import { deleteKeysBefore } from '../store/idempotency.ts';
import { deleteExpiredTokens } from '../store/login-token.ts';
import { purgeExpired } from '../store/mqtt-outbox.ts';
import { deleteCodesBefore } from '../store/one-time-code.ts';
import { dropPartitionsBefore, ensurePartitions } from '../store/partition.ts';
import { deleteRatesOutside } from '../store/rate-count.ts';
import { deleteThrottlesBefore } from '../store/sign-in-throttle.ts';

export interface HousekeepingDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly notificationRetentionDays: number;
  readonly eventRetentionDays: number;
  readonly auditRetentionDays: number;
  readonly onError: (error: Error, what: string) => void;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const EVERY_MS = 3_600_000;
const DAYS_AHEAD = 7;
const IDEMPOTENCY_DAYS = 7;
/** Two count; the clocks of the nodes may differ a little. */
const RATE_MINUTES = 5;
/** An address where somebody signs in stays familiar for as long as a forgotten login and two more. */
const FAMILIAR_DAYS = 90;

export interface Housekeeping {
  /** Runs once now (partitions must exist before the first insert), then every hour. */
  start(): Promise<void>;
  runOnce(): Promise<void>;
  stop(): void;
}

export function createHousekeeping(deps: HousekeepingDeps): Housekeeping {
  let timer: NodeJS.Timeout | null = null;
  const runOnce = async () => {
    const now = deps.clock();
    const daysAgo = (days: number) => new Date(now - days * DAY_MS);
    await ensurePartitions(deps.database, new Date(now), DAYS_AHEAD);
    await dropPartitionsBefore(deps.database, {
      notifications: daysAgo(deps.notificationRetentionDays),
      events: daysAgo(deps.eventRetentionDays),
      audit: daysAgo(deps.auditRetentionDays),
    });
    await deleteKeysBefore(deps.database, daysAgo(IDEMPOTENCY_DAYS));
    await purgeExpired(deps.database, new Date(now));
    await deleteExpiredTokens(deps.database, new Date(now));
    await forgetAccessChanges(deps.database);
    await deleteCodesBefore(deps.database, daysAgo(1));
    const minute = Math.floor(now / MINUTE_MS);
    await deleteRatesOutside(deps.database, minute - RATE_MINUTES, minute + RATE_MINUTES);
    await deleteThrottlesBefore(deps.database, { familiar: daysAgo(FAMILIAR_DAYS), others: daysAgo(1) });
  };
  return {
    runOnce,
    async start() {
      await runOnce();
      timer = setInterval(() => {
        runOnce().catch((error: Error) => deps.onError(error, 'housekeeping'));
      }, EVERY_MS);
    },
    stop() {
      if (timer) clearInterval(timer);
    },
  };
}
