/** Devices: registered by their user, removed, given to somebody else. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Actor, Change } from '../audit/entry.ts';
import type { Queryable } from '../store/database.ts';
import {
  type DeviceRecord,
  deleteDevice,
  moveDevice,
  type NewDevice,
  registerDevice,
} from '../store/device.ts';
import { findUser } from '../store/user.ts';
import type { AdministrationDeps } from './deps.ts';

/** What somebody wants to register, with the address and credential it has or was given. */
export type DeviceWish = Omit<NewDevice, 'userId' | 'at'>;

/** `audited`: always when it is new to the user, or, as of the phones of v1 and v2, only when somebody else had it. */
export type Audited = 'new' | 'moved';

export interface Registered {
  readonly device: DeviceRecord;
  /** False when the user had this address already, alive. */
  readonly created: boolean;
}

export interface Devices {
  register(actor: Actor, userId: number, wish: DeviceWish, audited: Audited): Promise<Registered>;
  /** False when the user has no such device. */
  remove(actor: Actor, userId: number, id: number): Promise<boolean>;
  /** What still waits for it was meant for the former owner and is dropped. */
  transfer(
    actor: Actor,
    id: number,
    fromUserId: number,
    toUserId: number,
  ): Promise<DeviceRecord | 'unknown-device' | 'unknown-user'>;
}

export function createDevices(deps: AdministrationDeps): Devices {
  const { audit } = deps;
  return {
    register: (actor, userId, wish, audited) =>
      audit.change(actor, (connection, note) =>
        registerIn(deps, connection, note, { actor, userId, wish, audited }),
      ),
    remove: (actor, userId, id) =>
      audit.change(actor, async (connection, note) => {
        const gone = await deleteDevice(connection, userId, id);
        if (gone) note({ ...about(gone, 'device.remove'), before: describe(gone) });
        return gone !== null;
      }),
    transfer: (actor, id, fromUserId, toUserId) =>
      audit.change(actor, async (connection, note) => {
        const [from, to] = [await findUser(connection, fromUserId), await findUser(connection, toUserId)];
        if (!to) return 'unknown-user' as const;
        const moved = from && (await moveDevice(connection, id, fromUserId, toUserId));
        if (!moved) return 'unknown-device' as const;
        const entry = about(moved, 'device.transfer');
        note({ ...entry, before: { user: from.username }, after: { user: to.username } });
        return moved;
      }),
  };
}

export interface Registration {
  readonly actor: Actor;
  readonly userId: number;
  readonly wish: DeviceWish;
  readonly audited: Audited;
}

/** In the caller's transaction. Only one that was somebody else's takes something away from anybody. */
export async function registerIn(
  { audit, clock }: AdministrationDeps,
  connection: Queryable,
  note: (change: Change) => void,
  { actor, userId, wish, audited }: Registration,
): Promise<Registered> {
  const registered = { ...wish, userId, at: new Date(clock()) };
  const { device, created, formerUserId } = await registerDevice(connection, registered);
  const entry = { ...about(device, 'device.register'), after: describe(device) };
  if (formerUserId !== null) note({ ...entry, before: { userId: formerUserId } });
  else if (created && audited === 'new') await audit.append(connection, actor, entry);
  return { device, created };
}

/** An MQTT device gets its name and password from the server; `password` is known only here. */
export function withCredentials(wish: DeviceWish): { readonly wish: DeviceWish; readonly password?: string } {
  if (wish.kind !== 'mqtt') return { wish };
  const password = randomBytes(32).toString('base64url');
  const credential = createHash('sha256').update(password).digest('hex');
  return { wish: { ...wish, address: randomUUID(), credential }, password };
}

const describe = ({ kind, app, userId }: DeviceRecord) => ({ kind, app, userId });
const about = ({ id, name }: DeviceRecord, action: string) => ({
  action,
  subject: 'device',
  subjectId: String(id),
  subjectName: name,
});
