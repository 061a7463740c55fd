import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';

/** What every administrative change needs: each is one transaction with its audit entry. */
export interface AdministrationDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Audit;
}
