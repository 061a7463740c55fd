/**
 * What every client in this benchmark is asked to send. Two peers cannot do quite the same: h2load repeats one
 * apns-id, and node-apn makes its own JWT, writes the JSON itself and opens one connection
 * with at most 1,000 requests handed to it at a time.
 */
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
      alert: { title: 'Boiler room', body: 'x'.repeat(177) },
      sound: 'default',
      badge: 1,
      'mutable-content': 1,
    },
  }),
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
