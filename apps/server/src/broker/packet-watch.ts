/**
 * Reads the fixed headers of the packets that pass (MQTT 3.1.1 §2.2) without touching the stream: the parser behind
 * it would collect up to 256 MiB before it looks at a packet, and does not say when a client takes its leave.
 */
export interface PacketWatch {
  /** Called with each chunk, in order, before the parser sees it. */
  see(chunk: Buffer): void;
}

export interface PacketWatchOptions {
  /** Longest packet in bytes, without its fixed header. */
  readonly mostBytes: number;
  readonly onTooLong: () => void;
  readonly onDisconnect: () => void;
}

const DISCONNECT = 14;

export function createPacketWatch(options: PacketWatchOptions): PacketWatch {
  /** Bytes of the current packet's body still to come. */
  let skip = 0;
  let inLength = false;
  let length = 0;
  let shift = 0;
  let stopped = false;

  const stop = () => {
    stopped = true;
    options.onTooLong();
  };
  /** One byte of the remaining length: seven bits each, least significant first, at most four of them. */
  const readLength = (byte: number) => {
    length += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    const isLast = (byte & 0x80) === 0;
    if (length > options.mostBytes || (!isLast && shift > 21)) stop();
    else if (isLast) {
      skip = length;
      inLength = false;
    }
  };
  return {
    see(chunk) {
      for (let at = 0; at < chunk.length && !stopped; ) {
        if (skip > 0) {
          const step = Math.min(skip, chunk.length - at);
          skip -= step;
          at += step;
          continue;
        }
        const byte = chunk[at++] ?? 0;
        if (inLength) readLength(byte);
        else {
          if (byte >> 4 === DISCONNECT) options.onDisconnect();
          inLength = true;
          length = 0;
          shift = 0;
        }
      }
    },
  };
}
