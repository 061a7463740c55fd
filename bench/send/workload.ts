/** What every client in this benchmark sends: the same bytes to the same tokens over the same number of streams. */
export interface Workload {
  readonly port: number;
  readonly caFile: string;
  /** Folder into which `@parse/node-apn` is installed. */
  readonly cacheFolder: string;
  readonly connections: number;
  readonly streams: number;
}

/** 276 bytes, a usual alert. */
export const BODY = Buffer.from(
  JSON.stringify({
    aps: {
      alert: { title: 'Boiler room', body: 'x'.repeat(186) },
      sound: 'default',
      badge: 1,
      'mutable-content': 1,
    },
  }).padEnd(276),
);

export const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['authorization', `bearer ${'e'.repeat(36)}.${'y'.repeat(66)}.${'J'.repeat(86)}`],
  ['apns-topic', 'org.example.tocsin'],
  ['apns-push-type', 'alert'],
  ['apns-priority', '10'],
  ['apns-expiration', '1893456000'],
];

/** 64 hex digits, another one for every index. */
export function tokenOf(index: number): string {
  return index.toString(16).padStart(64, 'a1b2c3d4e5f60718');
}

/** A canonical UUID, another one for every index. */
export function apnsIdOf(index: number): string {
  return `6ba7b810-9dad-41d1-80b4-${index.toString(16).padStart(12, '0')}`;
}
