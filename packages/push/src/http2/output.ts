import type { Socket } from 'node:net';

const BUFFER_BYTES = 131_072;
/** Bytes waiting in the socket above which nothing new is begun until it drained. */
const BLOCK_ABOVE_BYTES = 524_288;
const SPARE_BUFFERS = 8;

/** Collects frames and writes them to the socket once per turn of the event loop. */
export class Output {
  /** True while the socket holds so much that requests should wait. */
  isBlocked = false;
  buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  /** End of the collected bytes in `buffer`. */
  length = 0;
  private readonly socket: Socket;
  private readonly onFlush: () => void;
  private readonly spare: Buffer[] = [];
  private scheduled = false;

  /** `onFlush` runs whenever everything collected so far was handed to the socket. */
  constructor(socket: Socket, onFlush: () => void, onUnblocked: () => void) {
    this.socket = socket;
    this.onFlush = onFlush;
    socket.on('drain', () => {
      if (!this.isBlocked) return;
      this.isBlocked = false;
      onUnblocked();
    });
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** Makes room for `bytes` at `length`; false when that is more than a whole buffer. */
  reserve(bytes: number): boolean {
    if (this.length + bytes > BUFFER_BYTES) this.flush();
    return bytes <= BUFFER_BYTES;
  }

  /** Bytes were written up to `end`. */
  advance(end: number): void {
    this.length = end;
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  write(bytes: Buffer): void {
    if (!this.reserve(bytes.length)) throw new RangeError('frame larger than the output buffer');
    this.buffer.set(bytes, this.length);
    this.advance(this.length + bytes.length);
  }

  flush(): void {
    if (this.length === 0 || this.socket.destroyed) return;
    const full = this.buffer;
    const bytes = full.subarray(0, this.length);
    this.buffer = this.spare.pop() ?? Buffer.allocUnsafe(BUFFER_BYTES);
    this.length = 0;
    this.onFlush();
    this.socket.write(bytes, () => {
      if (this.spare.length < SPARE_BUFFERS) this.spare.push(full);
    });
    if (this.socket.writableLength > BLOCK_ABOVE_BYTES) this.isBlocked = true;
  }
}
