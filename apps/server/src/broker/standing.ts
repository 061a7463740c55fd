/** Ends connections that have lost what they stood on: the device was removed or given away, the login has ended. */
import type { Client } from 'aedes';
import type { Queryable } from '../store/database.ts';
import { ownersOfMqttDevices } from '../store/device.ts';
import type { Connection } from './connection.ts';
import { renewed, type TokenAuthentication } from './principal.ts';

export interface StandingDeps {
  readonly database: Queryable;
  readonly identity: TokenAuthentication;
  readonly onError: (error: Error, what: string) => void;
}

/** Returns the function that looks at all of them; called while it looks, it looks once more. */
export function createStanding(
  deps: StandingDeps,
  clients: () => readonly Client[],
  connections: WeakMap<Client, Connection>,
): () => void {
  const connected = () =>
    clients().flatMap((client) => {
      const connection = connections.get(client);
      return connection ? [[client, connection] as const] : [];
    });
  let isLooking = false;
  let again = false;
  const look = async () => {
    isLooking = true;
    try {
      do {
        again = false;
        await endStrangers(deps, connected());
      } while (again);
    } catch (error) {
      deps.onError(error as Error, 'looking at MQTT connections');
    } finally {
      isLooking = false;
    }
  };
  return () => {
    again = true;
    if (!isLooking) void look();
  };
}

async function endStrangers(
  { database, identity }: StandingDeps,
  connected: readonly (readonly [Client, Connection])[],
): Promise<void> {
  const ids = connected.flatMap(([, connection]) => devicesOf(connection));
  const owners = ids.length > 0 ? await ownersOfMqttDevices(database, ids) : new Map<number, number>();
  for (const [client, connection] of connected) {
    const { principal, address } = connection;
    if (principal?.kind !== 'device' && principal?.kind !== 'user') continue;
    const userId = principal.kind === 'device' ? principal.userId : principal.user.id;
    const isOwner = devicesOf(connection).every((id) => owners.get(id) === userId);
    if (!isOwner || !(await renewed(identity, principal, address))) client.close();
  }
}

function devicesOf({ principal, granted }: Connection): number[] {
  const listened = [...granted.values()].map(({ deviceId }) => deviceId);
  return principal?.kind === 'device' ? [principal.deviceId, ...listened] : listened;
}
