/**
 * The provider-side name of one delivery: a canonical UUID made of the notification's and the device's number, so
 * that every attempt carries the same one. `prefix` is computed once per batch.
 */
export function deliveryIdPrefix(notificationUuid: string): string {
  return notificationUuid.slice(0, 24);
}

/** `deviceId` is below 2^48. */
export function deliveryId(prefix: string, deviceId: number): string {
  return prefix + deviceId.toString(16).padStart(12, '0');
}
