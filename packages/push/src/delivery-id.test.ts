import { expect, it } from 'vitest';
import { deliveryId, deliveryIdPrefix } from './delivery-id.ts';

const UUID = '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f';

it.each([
  [1, '3f2b8c1e-9d4a-4f6b-8a7c-000000000001'],
  [0xdead_beef, '3f2b8c1e-9d4a-4f6b-8a7c-0000deadbeef'],
  [2 ** 48 - 1, '3f2b8c1e-9d4a-4f6b-8a7c-ffffffffffff'],
])('the delivery to device %i is a canonical UUID, the same on every attempt', (deviceId, expected) => {
  expect(deliveryId(deliveryIdPrefix(UUID), deviceId)).toBe(expected);
});
