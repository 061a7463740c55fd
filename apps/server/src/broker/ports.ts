/** The TCP ports of the broker: MQTT in the clear and with TLS (IANA: secure-mqtt, 8883). */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { followHandshakes } from '../lib/tls-handshakes.ts';
import { type TlsPair, tlsOptions } from '../lib/tls-pair.ts';

export interface BrokerPorts {
  /** Both: 0 is any free port. Return the port, reject when it cannot be had. */
  listen(port: number, host: string): Promise<number>;
  listenTls(port: number, host: string, pair: TlsPair): Promise<number>;
  /** New connections with TLS get it, open ones live on. */
  useCertificate(pair: TlsPair): void;
  /** Resolves when the last connection is closed. */
  close(): Promise<void>;
}

interface BrokerPortsOptions {
  readonly handshakeTimeoutMs: number;
  readonly onConnection: (socket: Socket) => void;
  /** While it listens. */
  readonly onError: (error: Error) => void;
}

export function createBrokerPorts({
  handshakeTimeoutMs,
  onConnection,
  onError,
}: BrokerPortsOptions): BrokerPorts {
  const servers: Server[] = [];
  let tlsServer: TlsServer | null = null;
  let endHandshakes: () => void = () => undefined;
  const listenOn = async (server: Server, port: number, host: string): Promise<number> => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', onError);
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  return {
    listen: (port, host) => listenOn(createServer(onConnection), port, host),
    listenTls(port, host, pair) {
      const options = { ...tlsOptions(pair), handshakeTimeout: handshakeTimeoutMs };
      tlsServer = createTlsServer(options, onConnection);
      endHandshakes = followHandshakes(tlsServer);
      // Who speaks no TLS, or distrusts the certificate, is no news.
      tlsServer.on('tlsClientError', (_error, socket) => socket.destroy());
      return listenOn(tlsServer, port, host);
    },
    useCertificate(pair) {
      tlsServer?.setSecureContext(tlsOptions(pair));
    },
    async close() {
      endHandshakes();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
