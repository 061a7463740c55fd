/** What this browser remembers about its push device. */
const DEVICE_KEY = 'tocsin.push-device';
const DECLINED_KEY = 'tocsin.push-declined';

/** The server's id of this browser's device, or null when it is not registered. */
export function registeredDevice(): number | null {
  const text = localStorage.getItem(DEVICE_KEY);
  return text === null ? null : Number(text);
}

export function rememberDevice(id: number | null): void {
  if (id === null) localStorage.removeItem(DEVICE_KEY);
  else localStorage.setItem(DEVICE_KEY, String(id));
}

/** The reader said "not now" to the card; the switch in the settings stays. */
export function isCardDeclined(): boolean {
  return localStorage.getItem(DECLINED_KEY) !== null;
}

export function declineCard(): void {
  localStorage.setItem(DECLINED_KEY, 'yes');
}
