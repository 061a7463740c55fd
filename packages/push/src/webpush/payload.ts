import { buildJsonPayload, fillHoles, mostHolesBytes } from '../payload/json-payload.ts';
import type { Batch } from '../transport.ts';
import { MOST_BODY_BYTES, SHRUNK_BODY_BYTES } from './config.ts';
import { OVERHEAD_BYTES } from './encryption.ts';

/** The payload of one batch in one size. */
export interface Plaintexts {
  /** Longest body it makes when encrypted, bytes. */
  readonly mostBodyBytes: number;
  /** One device's plaintext; overwritten by the next call. */
  of(index: number): Buffer;
}

export interface Payload {
  readonly whole: Plaintexts;
  /** For services that answered 413: shorter, or null when it was short already. */
  shrunk(): Plaintexts | null;
}

/** Built once per batch; at most 3,993 bytes of plaintext, so that the body is at most 4,096. */
export function buildPayload(batch: Batch): Payload {
  const holesBytes = mostHolesBytes(batch);
  const { plaintexts, mostBytes } = encodeFor(batch, MOST_BODY_BYTES, holesBytes);
  let shrunk: Plaintexts | null = null;
  return {
    whole: plaintexts,
    shrunk() {
      if (mostBytes + OVERHEAD_BYTES <= SHRUNK_BODY_BYTES) return null;
      shrunk ??= encodeFor(batch, SHRUNK_BODY_BYTES, holesBytes).plaintexts;
      return shrunk;
    },
  };
}

function encodeFor(batch: Batch, mostBodyBytes: number, holesBytes: number) {
  const encoded = buildJsonPayload(batch.notification, mostBodyBytes - OVERHEAD_BYTES, holesBytes);
  const mostBytes = encoded.fixedBytes + holesBytes;
  const space = Buffer.allocUnsafe(mostBytes);
  const values = ['', ''];
  const of = (index: number) => {
    fillHoles(batch, index, values);
    return space.subarray(0, encoded.write(values, space, 0));
  };
  return { plaintexts: { mostBodyBytes, of }, mostBytes };
}
