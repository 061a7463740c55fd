/** HTTP by hand: bytes to a socket, bytes back. For what no client library would ever send. */
import { connect } from 'node:net';

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Everything that came back, also further answers. */
  readonly all: string;
}

/** Sends the pieces, a moment apart, and resolves when the server closes the connection. */
export function sendRaw(port: number, ...pieces: readonly (string | Buffer)[]): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (bytes) => received.push(bytes));
    // A reset is a way of closing, too.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(read(Buffer.concat(received).toString('latin1'))));
    for (const piece of pieces) socket.write(piece);
  });
}

function read(all: string): RawAnswer {
  const [head = '', ...rest] = all.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  return { status, head, body: rest.join('\r\n\r\n'), all };
}
