import { ERROR, ProtocolError, SETTING } from './frames.ts';

/** The settings of the peer that we act upon (RFC 9113 §6.5.2); the defaults are those before its SETTINGS. */
export class PeerSettings {
  headerTableSize = 4_096;
  /** Unlimited until said otherwise. */
  maxConcurrentStreams = 0xffff_ffff;
  initialWindowSize = 65_535;

  apply(payload: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case SETTING.headerTableSize:
          this.headerTableSize = value;
          break;
        case SETTING.maxConcurrentStreams:
          this.maxConcurrentStreams = value;
          break;
        case SETTING.initialWindowSize:
          this.initialWindowSize = value;
          break;
        case SETTING.maxFrameSize:
          // We never send more than the default, which is also the least a peer may allow.
          if (value < 16_384 || value > 0xff_ffff) throw new ProtocolError(ERROR.protocol, 'MAX_FRAME_SIZE');
          break;
        default: // unknown settings are ignored, RFC 9113 §6.5.2
      }
    }
  }
}
