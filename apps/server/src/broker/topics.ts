/** The topics of design §7. Everything else does not exist here. */
export type Topic =
  /** To a device: what it is to show. */
  | { readonly kind: 'device-notifications'; readonly address: string }
  /** From a device: what became of a notification. */
  | { readonly kind: 'device-receipts'; readonly address: string }
  /** From a device: that it is alive; also its last will. */
  | { readonly kind: 'device-status'; readonly address: string }
  /** From a publisher. */
  | { readonly kind: 'service-notifications'; readonly serviceId: string };

export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No `+` and `#`: a name in a topic filter can never reach beyond its own level (MQTT 3.1.1 §4.7.1). */
const DEVICE = /^tocsin\/devices\/([A-Za-z0-9_-]{1,128})\/(notifications|receipts|status)$/;
const SERVICE = /^tocsin\/services\/([^/]+)\/notifications$/;

/** Null for a topic or topic filter that is none of ours. Service ids are answered in lower case. */
export function parseTopic(topic: string): Topic | null {
  const device = DEVICE.exec(topic);
  if (device) {
    const [, address = '', leaf = ''] = device;
    return { kind: `device-${leaf as 'notifications' | 'receipts' | 'status'}`, address };
  }
  const serviceId = SERVICE.exec(topic)?.[1]?.toLowerCase() ?? '';
  return UUID.test(serviceId) ? { kind: 'service-notifications', serviceId } : null;
}
