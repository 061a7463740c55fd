import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';

/** `_parent` is the connection under a TLS one; Node documents no other way to it. */
export type OverSocket = TLSSocket & { readonly _parent?: Socket | null };

/**
 * Follows the handshakes of a server that does not listen yet; the returned function breaks off those under way. Node
 * waits for them when a server closes, and its `closeAllConnections` does not know them.
 */
export function followHandshakes(server: Server): () => void {
  const underWay = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    underWay.add(socket);
    socket.once('close', () => underWay.delete(socket));
  });
  server.on('secureConnection', ({ _parent: socket }: OverSocket) => {
    if (socket) underWay.delete(socket);
  });
  return () => {
    for (const socket of underWay) socket.destroy();
  };
}
