/** Topic ACLs: a short list of what is allowed; everything else is refused. */
import type { Queryable } from '../store/database.ts';
import { findMqttDevice } from '../store/device.ts';
import { type MayPublish, type Principal, renewed, type TokenAuthentication } from './principal.ts';
import { parseTopic, type Topic } from './topics.ts';

export interface AccessDeps {
  readonly database: Queryable;
  readonly identity: TokenAuthentication;
  readonly mayPublish: MayPublish;
}

/** What the client may publish to under that name, or null. `address` is its IP address. */
export async function publishableTopic(
  deps: AccessDeps,
  known: Principal,
  address: string,
  name: string,
): Promise<Topic | null> {
  const topic = parseTopic(name);
  const principal = topic && (await renewed(deps.identity, known, address));
  if (!principal) return null;
  switch (topic.kind) {
    case 'service-notifications':
      return (await mayPublishTo(deps, principal, address, topic.serviceId)) ? topic : null;
    case 'device-receipts':
    case 'device-status':
      return principal.kind === 'device' && principal.address === topic.address ? topic : null;
    case 'device-notifications':
      return null;
  }
}

async function mayPublishTo(
  deps: AccessDeps,
  principal: Principal,
  address: string,
  serviceId: string,
): Promise<boolean> {
  // A device's own credentials let it receive; to publish it needs no more and no less than anybody at its address.
  if (principal.kind === 'service' && principal.serviceId !== serviceId) return false;
  const key = principal.kind === 'service' ? principal.key : null;
  const user = principal.kind === 'user' ? principal.user : null;
  return deps.mayPublish(serviceId, { address, key, user, isDisguised: false });
}

export interface ListenableDevice {
  readonly deviceId: number;
  readonly address: string;
}

/** The device whose notifications this topic filter asks for, when the client may have them; else null. */
export async function listenableDevice(
  deps: AccessDeps,
  known: Principal,
  clientAddress: string,
  filter: string,
): Promise<ListenableDevice | null> {
  const topic = parseTopic(filter);
  if (topic?.kind !== 'device-notifications') return null;
  const { address } = topic;
  const principal = await renewed(deps.identity, known, clientAddress);
  if (principal?.kind === 'device') {
    return principal.address === address ? { deviceId: principal.deviceId, address } : null;
  }
  if (principal?.kind !== 'user') return null;
  const device = await findMqttDevice(deps.database, address);
  return device?.userId === principal.user.id ? { deviceId: device.id, address } : null;
}
