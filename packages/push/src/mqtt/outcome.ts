/** What a broker's PUBACK means: OASIS MQTT 5.0 §3.4.2.1. MQTT 3.1.1 has only success. */
import { ACCEPTED, type Outcome, refused, retry } from '../outcome.ts';

const NO_MATCHING_SUBSCRIBERS = 0x10;
const NOT_AUTHORIZED = 0x87;
const TOPIC_NAME_INVALID = 0x90;
const PACKET_TOO_LARGE = 0x95;
const QUOTA_EXCEEDED = 0x97;
const PAYLOAD_FORMAT_INVALID = 0x99;

export function readPuback(reasonCode: number): Outcome {
  const reason = `PUBACK 0x${reasonCode.toString(16).padStart(2, '0')}`;
  switch (reasonCode) {
    case 0:
      return ACCEPTED;
    // Nobody ever subscribed, or the session expired: the broker keeps nothing for the device.
    case NO_MATCHING_SUBSCRIBERS:
      return retry(`${reason} nobody listens`);
    case TOPIC_NAME_INVALID:
    case PACKET_TOO_LARGE:
    case PAYLOAD_FORMAT_INVALID:
      return refused(reason);
    // Our account may not publish there, or not so much: every device's message would fare the same.
    case NOT_AUTHORIZED:
    case QUOTA_EXCEEDED:
      return retry(reason, null, 'provider');
    // Unspecified and implementation-specific errors may pass.
    default:
      return retry(reason);
  }
}
