/** Keys of services and of persons: made, rotated and revoked. The text of a key leaves this room once. */
import type { Actor } from '../audit/entry.ts';
import { makeKey } from '../identity/keys.ts';
import {
  deleteKey,
  findKey,
  insertKey,
  type KeyOwner,
  type KeyRecord,
  replaceKey,
  type Scope,
} from '../store/access-key.ts';
import type { Queryable } from '../store/database.ts';
import type { AdministrationDeps } from './deps.ts';

export interface KeyWish {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly serviceIds: readonly string[] | null;
  readonly monitorIds: readonly number[] | null;
  readonly expiresAt: Date | null;
}

export interface GivenKey {
  readonly record: KeyRecord;
  /** Shown once. */
  readonly text: string;
}

export interface AccessKeys {
  create(actor: Actor, owner: KeyOwner, wish: KeyWish): Promise<GivenKey>;
  /**
   * A new key with the same rights; the old one works for `overlapSeconds` more. The new one lasts until `expiresAt`.
   * Null when there is no such key.
   */
  rotate(
    actor: Actor,
    owner: KeyOwner,
    id: number,
    terms: { readonly overlapSeconds: number; readonly expiresAt: Date | null },
  ): Promise<GivenKey | null>;
  /** False when there is no such key. */
  revoke(actor: Actor, owner: KeyOwner, id: number): Promise<boolean>;
}

export function createAccessKeys({ audit, clock }: AdministrationDeps): AccessKeys {
  const give = async (
    connection: Queryable,
    actor: Actor,
    owner: KeyOwner,
    wish: KeyWish,
  ): Promise<GivenKey> => {
    const { text, prefix, hash } = makeKey('serviceId' in owner ? 'service' : 'personal');
    const createdBy = actor.id;
    const { name, scopes, serviceIds, monitorIds, expiresAt } = wish;
    const rights = { name, scopes, serviceIds, monitorIds, expiresAt };
    const key = { ...rights, owner, prefix, hash, createdAt: new Date(clock()), createdBy };
    return { text, record: await insertKey(connection, key) };
  };
  return {
    create: (actor, owner, wish) =>
      audit.change(actor, async (connection, note) => {
        const given = await give(connection, actor, owner, wish);
        note({ ...about(given.record), action: 'key.create', after: describe(given.record) });
        return given;
      }),
    rotate: (actor, owner, id, { overlapSeconds, expiresAt }) =>
      audit.change(actor, async (connection, note) => {
        const old = await findKey(connection, owner, id);
        if (!old) return null;
        const given = await give(connection, actor, owner, { ...old, expiresAt });
        const until = new Date(clock() + overlapSeconds * 1_000);
        await replaceKey(connection, id, given.record.id, until);
        const before = { prefix: old.prefix, worksUntil: until.toISOString() };
        note({ ...about(old), action: 'key.rotate', before, after: describe(given.record) });
        return given;
      }),
    revoke: (actor, owner, id) =>
      audit.change(actor, async (connection, note) => {
        const gone = await deleteKey(connection, owner, id);
        if (gone) note({ ...about(gone), action: 'key.revoke', before: describe(gone) });
        return gone !== null;
      }),
  };
}

/** The prefix is the fingerprint: it tells which key it was and helps nobody to guess it. */
const describe = ({ prefix, scopes, serviceId, userId, serviceIds, monitorIds, expiresAt }: KeyRecord) => ({
  prefix,
  scopes,
  ...(serviceId !== null && { serviceId }),
  ...(userId !== null && { userId }),
  ...(serviceIds && { serviceIds }),
  ...(monitorIds && { monitorIds }),
  expiresAt: expiresAt?.toISOString() ?? null,
});
const about = ({ id, name }: KeyRecord) => ({ subject: 'key', subjectId: String(id), subjectName: name });
