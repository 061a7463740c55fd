import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Http2ClientOptions } from './client.ts';
import { hostOf, portOf, tlsOptionsOf } from './secure.ts';

const READ_BUFFER_BYTES = 65_536;

/** What `dial` needs of the one who dials. */
export interface DialHandler {
  onConnected(): void;
  /** `chunk` is overwritten by the next read. */
  onBytes(chunk: Buffer): void;
  /** At most once each; `onLost` is also called after an orderly end. */
  onLost(reason: string): void;
}

/** Opens a socket that reads into one fixed buffer: no allocation per read. */
export function dial(
  options: Http2ClientOptions,
  secureContext: SecureContext | null,
  handler: DialHandler,
): Socket {
  const target = {
    host: hostOf(options.origin),
    port: portOf(options.origin),
    onread: {
      buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
      callback: (bytes: number, buffer: Uint8Array) => {
        handler.onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    },
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
  };
  if (secureContext === null) {
    const socket = connectPlain(target, () => handler.onConnected());
    return watch(socket, handler);
  }
  const socket = connectTls({ ...target, ...tlsOptionsOf(options, secureContext) }, () => {
    if (socket.alpnProtocol === 'h2') handler.onConnected();
    else socket.destroy(new Error('the server does not offer HTTP/2'));
  });
  return watch(socket, handler);
}

function watch(socket: Socket, handler: DialHandler): Socket {
  let reason = 'the server closed the connection';
  socket.setNoDelay(true);
  socket.on('error', (error) => {
    reason = error.message;
  });
  socket.on('close', () => handler.onLost(reason));
  return socket;
}
