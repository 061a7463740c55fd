/** One kept-alive HTTP/1.1 connection that asks one thing at a time; as cheap as it can be, for both cores are shared. */
import { connect, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';

export class Caller {
  private readonly socket: Socket;
  private answered: ((status: number) => void) | null = null;
  private text = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    this.socket.on('data', (piece: string) => this.read(piece));
  }

  /** Throws when the answer is not 200. */
  async get(path: string, key: string | null): Promise<void> {
    const authorization = key === null ? '' : `Authorization: Bearer ${key}\r\n`;
    const status = await new Promise<number>((resolve) => {
      this.answered = resolve;
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n`);
    });
    if (status !== 200) throw new Error(`${path} was answered ${status}`);
  }

  close(): void {
    this.socket.destroy();
  }

  private read(piece: string): void {
    this.text += piece;
    const end = this.text.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.text)?.[1] ?? 0);
    if (this.text.length < end + END_OF_HEAD.length + length) return;
    const status = Number(this.text.slice(9, 12));
    this.text = '';
    this.answered?.(status);
  }
}
