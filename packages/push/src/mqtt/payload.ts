import { buildJsonPayload, fillHoles, mostHolesBytes } from '../payload/json-payload.ts';
import type { Batch } from '../transport.ts';
import { MOST_PAYLOAD_BYTES } from './config.ts';

/** Encodes the batch's notification once; the returned function splices one device's payload into its own buffer. */
export function mqttPayload(batch: Batch): (index: number) => Buffer {
  const holesBytes = mostHolesBytes(batch);
  const encoded = buildJsonPayload(batch.notification, MOST_PAYLOAD_BYTES, holesBytes);
  const values = ['', ''];
  return (index) => {
    fillHoles(batch, index, values);
    const target = Buffer.allocUnsafe(encoded.fixedBytes + holesBytes);
    return target.subarray(0, encoded.write(values, target, 0));
  };
}
