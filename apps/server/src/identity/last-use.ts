/** When and from where logins and keys were last used: gathered, and written every few seconds. */
import type { Clock } from '../lib/clock.ts';
import { noteKeyUse } from '../store/access-key.ts';
import type { Queryable } from '../store/database.ts';
import { noteLoginUse } from '../store/login-token.ts';
import type { Caller } from './caller.ts';

export interface LastUse {
  note(caller: Caller, address: string): void;
  /** Writes what was gathered. */
  drain(): Promise<void>;
}

interface Use {
  readonly id: string;
  at: Date;
  address: string;
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
    if (usedLogins.length > 0) await noteLoginUse(database, usedLogins).catch(onError);
    if (usedKeys.length > 0) await noteKeyUse(database, usedKeys).catch(onError);
  };
  return {
    note(caller, address) {
      const [uses, id] = caller.kind === 'key' ? [keys, String(caller.keyId)] : [logins, caller.tokenId];
      const use = uses.get(id);
      if (use) {
        use.at = new Date(clock());
        use.address = address;
      } else uses.set(id, { id, at: new Date(clock()), address });
      timer ??= setTimeout(() => void write(), WRITE_MS).unref();
    },
    async drain() {
      if (timer) clearTimeout(timer);
      await write();
    },
  };
}
