/** Keys as programs show them: recognised by their hash, remembered until something changes. */
import { createHash, randomBytes } from 'node:crypto';
import { createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import { findKeysByHash, type KeyWithUser } from '../store/access-key.ts';
import type { Queryable } from '../store/database.ts';
import type { KeyUse } from './caller.ts';
import type { Memory } from './memory.ts';

export type KeyKind = 'service' | 'personal';

const PREFIX = { service: 'tsk_', personal: 'tpk_' } as const;
/** Enough to tell keys apart, far too little to guess one. */
const SHOWN_CHARACTERS = 10;
const KEY_SHAPE = /^t[sp]k_[A-Za-z0-9_-]{43}$/;

export interface MadeKey {
  /** Shown once. */
  readonly text: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

export function makeKey(kind: KeyKind): MadeKey {
  const text = `${PREFIX[kind]}${randomBytes(32).toString('base64url')}`;
  return { text, prefix: beginningOf(text), hash: hashKey(text) };
}

/** What may be shown of a key. */
export const beginningOf = (text: string): string => text.slice(0, SHOWN_CHARACTERS);

/** What is kept of a key: 256 random bits need no slow hash. */
export function hashKey(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export interface Keys {
  /** Null for a key that is unknown, revoked or expired, or whose person is deactivated. */
  recognise(text: string): Promise<KeyUse | null>;
}

const MOST_REMEMBERED = 50_000;

interface Remembered {
  readonly use: KeyUse;
  /** ms since the epoch */
  readonly expiresAt: number;
}

export function createKeys(database: Queryable, clock: Clock, memory: Memory): Keys {
  const shelf = memory.shelf<Remembered>(MOST_REMEMBERED);
  const lookups = createBatcher<Buffer, KeyWithUser | null>({
    maxBatch: 1_000,
    maxQueue: 20_000,
    lanes: 1,
    flush: async (hashes) => {
      const found = new Map(
        (await findKeysByHash(database, hashes)).map((key) => [key.hash.toString('hex'), key]),
      );
      return hashes.map((hash) => found.get(hash.toString('hex')) ?? null);
    },
  });
  const lookUp = async (text: string): Promise<Remembered | null> => {
    const since = shelf.age();
    const record = await lookups.add(hashKey(text));
    const use = record && toUse(record);
    if (!record || !use) return null;
    const remembered = { use, expiresAt: record.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY };
    shelf.keep(text, remembered, since);
    return remembered;
  };
  return {
    async recognise(text) {
      // What cannot be a key costs no question.
      if (!KEY_SHAPE.test(text)) return null;
      if (!memory.isFresh()) await memory.confirm();
      const key = shelf.get(text) ?? (await lookUp(text));
      return key && key.expiresAt > clock() ? key.use : null;
    },
  };
}

function toUse(key: KeyWithUser): KeyUse | null {
  const user =
    key.userId === null
      ? null
      : {
          id: key.userId,
          username: key.username ?? '',
          isActive: key.isActive === true,
          isAdmin: key.isAdmin === true,
          isAuditor: key.isAuditor === true,
        };
  if (user && !user.isActive) return null;
  const { id: keyId, name, scopes, serviceId, serviceIds, monitorIds } = key;
  return { kind: 'key', keyId, name, scopes, serviceId, user, serviceIds, monitorIds };
}
