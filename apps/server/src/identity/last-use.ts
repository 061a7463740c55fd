/** When and from where logins and keys were last used: gathered, and written every few seconds. */
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { noteUse, type Use } from '../store/last-use.ts';
import type { Caller } from './caller.ts';

export interface LastUse {
  note(caller: Caller, address: string): void;
  /** Writes what was gathered. */
  drain(): Promise<void>;
}

const WRITE_MS = 5_000;

export function createLastUse(database: Queryable, clock: Clock, onError: (error: Error) => void): LastUse {
  let logins = new Map<string, Use>();
  let keys = new Map<string, Use>();
  let timer: NodeJS.Timeout | null = null;

  const write = async () => {
    timer = null;
    const [usedLogins, usedKeys] = [[...logins.values()], [...keys.values()]];
    [logins, keys] = [new Map(), new Map()];
    // A use that is not written is only a little less to be seen.
    if (usedLogins.length > 0) await noteUse(database, 'login_token', usedLogins).catch(onError);
    if (usedKeys.length > 0) await noteUse(database, 'access_key', usedKeys).catch(onError);
  };
  return {
    note(caller, address) {
      const [uses, id] = caller.kind === 'key' ? [keys, String(caller.keyId)] : [logins, caller.tokenId];
      uses.set(id, { id, at: new Date(clock()), address });
      timer ??= setTimeout(() => void write(), WRITE_MS).unref();
    },
    async drain() {
      if (timer) clearTimeout(timer);
      await write();
    },
  };
}
