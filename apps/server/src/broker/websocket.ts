/** MQTT over WebSocket on the HTTP port (MQTT 3.1.1 §6). */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';

export interface WebSocketDoor {
  /** Answers upgrades to this path; others get 404 unless somebody else listens for them. */
  attach(server: HttpServer, path: string): void;
  close(): void;
}

export interface WebSocketDoorOptions {
  readonly mostPacketBytes: number;
  /** False when no more connections are taken. */
  readonly isOpen: () => boolean;
  readonly onConnection: (stream: Duplex, request: IncomingMessage) => void;
}

export function createWebSocketDoor(options: WebSocketDoorOptions): WebSocketDoor {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: options.mostPacketBytes,
    perMessageDeflate: false,
    // [MQTT-6.0.0-3], [MQTT-6.0.0-4]: the client offers `mqtt`; 3.1 clients offer `mqttv3.1`.
    handleProtocols: (offered) => ['mqtt', 'mqttv3.1'].find((name) => offered.has(name)) ?? false,
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      request.socket.setKeepAlive(true, KEEPALIVE_MS);
      options.onConnection(createWebSocketStream(webSocket), request);
    });
  };
  return {
    attach(http, path) {
      http.on('upgrade', (request, socket, head) => {
        if (request.url?.split('?')[0] === path) {
          if (options.isOpen()) upgrade(request, socket, head);
          else refuse(socket, '503 Service Unavailable');
        } else if (http.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found');
      });
    },
    close() {
      for (const client of server.clients) client.terminate();
    },
  };
}

/** Finds peers that vanished without a word, also those that asked for no MQTT keep-alive. */
export const KEEPALIVE_MS = 60_000;

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/**
 * A page of another site runs in the browser of somebody whose address may be trusted. Browsers always say where the
 * page is from (RFC 6455 §10.2); other clients say nothing.
 */
export function isFromAnotherSite(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
