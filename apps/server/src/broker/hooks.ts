/** The decisions aedes asks for, made of ours. */
import { isStorable } from '@tocsin/contract';
import type { Aedes, AuthErrorCode, AuthenticateError, Client, ConnectPacket, PublishPacket } from 'aedes';
import { listenableDevice } from './access.ts';
import { type Connection, newConnection } from './connection.ts';
import type { Deliveries } from './deliveries.ts';
import { type InboundDeps, takeMessage } from './inbound.ts';
import { findPrincipal } from './principal.ts';

export interface HookDeps extends InboundDeps {
  readonly connections: WeakMap<Client, Connection>;
  readonly deliveries: Deliveries;
  readonly isStopping: () => boolean;
}

/** Return codes of CONNACK (MQTT 3.1.1 §3.2.2.3). */
const IDENTIFIER_REJECTED = 2 as AuthErrorCode;
const SERVER_UNAVAILABLE = 3 as AuthErrorCode;
const BAD_USERNAME_OR_PASSWORD = 4 as AuthErrorCode;
const LONGEST_CLIENT_ID = 512;

function refusal(message: string, returnCode: AuthErrorCode): AuthenticateError {
  return Object.assign(new Error(message), { returnCode });
}

/**
 * A client identifier counts within its user name: whoever knows the identifier of somebody else's client still cannot
 * throw it out (§3.1.4 closes the older connection of two with the same).
 */
function nameClient(packet: ConnectPacket): void {
  if (packet.clientId) packet.clientId = `${packet.username ?? ''}/${packet.clientId}`;
}

async function authenticate(
  deps: HookDeps,
  client: Client,
  username: string | undefined,
  password: Buffer | undefined,
): Promise<AuthenticateError | null> {
  const connection = deps.connections.get(client) ?? newConnection('');
  if (client.id.length > LONGEST_CLIENT_ID || !isStorable(client.id)) {
    return refusal('client identifier refused', IDENTIFIER_REJECTED);
  }
  connection.clientId = client.id;
  try {
    const credentials = { username, password: password?.toString(), address: connection.address };
    connection.principal = await findPrincipal(deps, credentials);
  } catch (error) {
    deps.log.warn(
      { clientId: client.id, reason: (error as Error).message },
      'MQTT login could not be checked',
    );
    return refusal('the login cannot be checked now', SERVER_UNAVAILABLE);
  }
  return connection.principal ? null : refusal('wrong credentials', BAD_USERNAME_OR_PASSWORD);
}

/** Null when PUBACK may be sent. */
async function authorizePublish(
  deps: HookDeps,
  client: Client | null,
  packet: PublishPacket,
): Promise<Error | null> {
  const connection = client && deps.connections.get(client);
  if (!connection) return new Error('nobody published this');
  // A last will has no `cmd`. Those of a broker that stops say nothing about their clients.
  const isWill = packet.cmd !== 'publish';
  if (isWill && deps.isStopping()) return new Error('the broker stops');
  const message = {
    topic: packet.topic,
    payload: Buffer.from(packet.payload),
    retain: Boolean(packet.retain),
    dup: Boolean(packet.dup),
    messageId: isWill ? undefined : packet.messageId,
  };
  try {
    // A will speaks also for a connection that was closed for what it published.
    await takeMessage(deps, isWill ? { ...connection, isRefused: false } : connection, message);
    return null;
  } catch (error) {
    const reason = (error as Error).message;
    deps.log.warn({ clientId: connection.clientId, topic: packet.topic, reason }, 'MQTT publish refused');
    return error as Error;
  }
}

/** False answers 0x80 for this filter in SUBACK (§3.9.3). */
async function authorizeSubscribe(deps: HookDeps, client: Client, filter: string): Promise<boolean> {
  const connection = deps.connections.get(client);
  const device = connection?.principal
    ? await listenableDevice(deps, connection.principal, connection.address, filter)
    : null;
  if (device) connection?.granted.set(filter, device);
  else deps.log.info({ clientId: client.id, topic: filter }, 'MQTT subscription refused');
  return device !== null;
}

/** Hands the decisions to aedes. */
export function setHooks(aedes: Aedes, deps: HookDeps): void {
  aedes.preConnect = (_client, packet, done) => {
    nameClient(packet);
    done(null, true);
  };
  aedes.authenticate = (client, username, password, done) => {
    void authenticate(deps, client, username, password).then((refused) => done(refused, refused === null));
  };
  aedes.authorizePublish = (client, packet, done) => {
    void authorizePublish(deps, client, packet).then(done);
  };
  aedes.authorizeSubscribe = (client, subscription, done) => {
    authorizeSubscribe(deps, client, subscription.topic).then(
      (isAllowed) => done(null, isAllowed ? subscription : null),
      (error: Error) => done(error),
    );
  };
  // The deliveries know an outgoing message by its packet identifier.
  aedes.authorizeForward = (_client, packet) => {
    const messageId = deps.deliveries.numberOf(packet.payload);
    return messageId === undefined ? packet : Object.assign(packet, { messageId });
  };
}
