/** The topic a device listens on; `address` is its public name. */
export function deviceTopic(address: string): string {
  return `tocsin/devices/${address}/notifications`;
}

/**
 * What is wrong with a device's name, as a sentence, or null. No level separators, wildcards or NUL: a name must
 * not reach beyond its own topic (MQTT 3.1.1 §4.7).
 */
export function checkMqttAddress(address: string): string | null {
  return /^[A-Za-z0-9_-]{1,128}$/.test(address) ? null : 'an MQTT device name is letters, digits, - and _';
}
