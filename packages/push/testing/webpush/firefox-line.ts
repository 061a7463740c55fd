/**
 * The WebSocket through which a real Firefox gets its pushes. The wire is that of Firefox's own client,
 * dom/push/PushServiceWebSocket.sys.mjs; point its preference `dom.push.serverURL` here.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { FakeWebPushService } from './service.ts';

export interface FirefoxLine {
  /** `ws:`; Firefox takes it only with `dom.push.testing.allowInsecureServerURL`. */
  readonly url: string;
  /** How the browser acknowledged each message, oldest first: 100 it was delivered to the page, 101 unreadable, 102 not delivered. */
  readonly acknowledged: number[];
  close(): Promise<void>;
}

type Said =
  | { readonly messageType: 'hello'; readonly uaid?: string }
  | { readonly messageType: 'register'; readonly channelID: string; readonly key?: string }
  | { readonly messageType: 'unregister'; readonly channelID: string }
  | { readonly messageType: 'ack'; readonly updates: readonly { readonly code: number }[] }
  | { readonly messageType: 'broadcast_subscribe' };

/** Browsers that connect here get their addresses at `service`, which checks what is sent to them. */
export async function startFirefoxLine(service: FakeWebPushService): Promise<FirefoxLine> {
  const acknowledged: number[] = [];
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  server.on('connection', (socket) => {
    const addresses = new Map<string, string>();
    socket.on('message', (text) => hear(JSON.parse(String(text)) as Said, socket, addresses));
  });
  const hear = (said: Said, socket: WebSocket, addresses: Map<string, string>) => {
    if (said.messageType === 'ack') acknowledged.push(...said.updates.map(({ code }) => code));
    const words = answer(service, said, socket, addresses);
    if (words !== null) socket.send(JSON.stringify(words));
  };
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    acknowledged,
    close() {
      for (const socket of server.clients) socket.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(
  service: FakeWebPushService,
  said: Said,
  socket: WebSocket,
  addresses: Map<string, string>,
): object | null {
  switch (said.messageType) {
    case 'hello': {
      const uaid = said.uaid || randomUUID().replaceAll('-', '');
      return { messageType: 'hello', status: 200, uaid, use_webpush: true, broadcasts: {} };
    }
    case 'register': {
      const { channelID, key } = said;
      const forward = (message: Buffer) => socket.send(JSON.stringify(notificationOf(channelID, message)));
      // The browser pads its base64url; RFC 8292 §3.2 has no padding.
      const pushEndpoint = service.connect(key?.replace(/=+$/, '') ?? null, forward);
      addresses.set(channelID, pushEndpoint);
      return { messageType: 'register', status: 200, channelID, pushEndpoint };
    }
    case 'unregister': {
      const address = addresses.get(said.channelID);
      if (address !== undefined) service.unsubscribe(address);
      return { messageType: 'unregister', status: 200, channelID: said.channelID };
    }
    default:
      return null;
  }
}

function notificationOf(channelID: string, message: Buffer): object {
  const data = message.toString('base64url');
  return {
    messageType: 'notification',
    channelID,
    version: randomUUID(),
    data,
    headers: { encoding: 'aes128gcm' },
  };
}
