/**
 * Ends the logins and keys of those who have left the directory. Only its definite "there is no such entry" counts: a directory
 * that cannot be asked, or that knows nobody any more, changes nothing.
 */
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../audit/entry.ts';
import type { Clock } from '../../lib/clock.ts';
import { deleteKeysOf } from '../../store/access-key.ts';
import type { Database } from '../../store/database.ts';
import { revokeTokensOf } from '../../store/login-token.ts';
import { listSignedIn } from '../../store/user.ts';
import { findAbsent, type SearchedDirectory } from './directory.ts';

export interface RecheckDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly directory: SearchedDirectory;
  readonly everyMinutes: number;
  readonly onEnded: (username: string) => void;
  readonly onError: (error: Error, what: string) => void;
}

export interface Recheck {
  start(): void;
  /** Rejects when the directory cannot say. */
  runOnce(): Promise<void>;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** People asked for on one connection, and so within one deadline. */
const AT_ONCE = 100;
const LDAP: Actor = { kind: 'system', id: null, name: 'ldap', address: '', requestId: null };

export function createRecheck(deps: RecheckDeps): Recheck {
  let timer: NodeJS.Timeout | null = null;
  let running = Promise.resolve();
  const runOnce = async () => {
    const people = await listSignedIn(deps.database, 'ldap', new Date(deps.clock()));
    const absent = new Set<string>();
    for (let from = 0; from < people.length; from += AT_ONCE) {
      const names = people.slice(from, from + AT_ONCE).map(({ username }) => username);
      for (const username of await findAbsent(deps.directory, names)) absent.add(username);
    }
    // More likely it shows itself to us no longer. Logins are also what pushes go to.
    if (people.length > 1 && absent.size === people.length)
      throw new Error(
        `the directory knows none of the ${people.length} who are signed in: nothing was ended`,
      );
    for (const person of people) if (absent.has(person.username)) await end(deps, person);
  };
  return {
    runOnce,
    start() {
      const run = async () => {
        await running;
        await runOnce().catch((error: Error) =>
          deps.onError(error, 'looking for people who left the directory'),
        );
      };
      timer = setInterval(() => {
        running = run();
      }, deps.everyMinutes * 60_000);
    },
    async stop() {
      if (timer) clearInterval(timer);
      await running;
    },
  };
}

async function end(deps: RecheckDeps, { id, username }: { readonly id: number; readonly username: string }) {
  await deps.audit.change(LDAP, async (connection, note) => {
    await revokeTokensOf(connection, id, new Date(deps.clock()));
    const keys = await deleteKeysOf(connection, id);
    const about = { subject: 'user', subjectId: String(id), subjectName: username };
    note({ ...about, action: 'session.end-all', before: { keys } });
  });
  deps.onEnded(username);
}
