/** A way to the test database that can be shut, as a network or a server that goes away. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Database, openDatabase } from '../src/store/database.ts';
import type { TestDatabase } from './database.ts';

export interface DatabaseDoor {
  readonly database: Database;
  /** For further connections through the same door. */
  readonly connection: TestDatabase['connection'];
  /** Cuts what is connected; nobody gets in until it is opened again. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

export async function openDoor(connection: TestDatabase['connection']): Promise<DatabaseDoor> {
  const sockets = new Set<Socket>();
  const start = async (port: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect(join(connection.host, `.s.PGSQL.${connection.port}`));
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };
  let server = await start(0);
  const { port } = server.address() as AddressInfo;
  const through = { ...connection, host: '127.0.0.1', port };
  return {
    database: openDatabase(through, () => undefined),
    connection: through,
    async shut() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
    async open() {
      server = await start(port);
    },
  };
}
