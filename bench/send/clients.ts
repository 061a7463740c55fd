import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createCoreClient, createNodeClient, type Http2Client, type RequestSource } from '@tocsin/push';
import { apnsIdOf, BODY, HEADERS, tokenOf, type Workload } from './workload.ts';

/** Sends `count` requests and resolves with how many were accepted. */
export interface BenchClient {
  /** Makes the device tokens and ids of `count` requests, which a server reads from its database. */
  prepare(count: number): void;
  send(count: number): Promise<number>;
  close(): Promise<void>;
}

export const NODE_CLIENTS: Readonly<Record<string, (workload: Workload) => Promise<BenchClient>>> = {
  ours: (workload) => overHttp2(workload, createCoreClient),
  'node:http2': (workload) => overHttp2(workload, createNodeClient),
  '@parse/node-apn': overNodeApn,
};

async function overHttp2(workload: Workload, create: typeof createCoreClient): Promise<BenchClient> {
  const client: Http2Client = create({
    origin: `https://localhost:${workload.port}`,
    ca: readFileSync(workload.caFile, 'utf8'),
    connections: workload.connections,
    maxStreams: workload.streams,
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    pingAfterMs: 60_000,
  });
  await client.connect();
  const tokens: string[] = [];
  const ids: string[] = [];
  return {
    prepare: (count) => {
      for (let index = tokens.length; index < count; index++) {
        tokens.push(tokenOf(index));
        ids.push(apnsIdOf(index));
      }
    },
    send: async (count) => {
      let accepted = 0;
      const source: RequestSource = {
        count,
        headers: HEADERS,
        path: (index) => `/3/device/${tokens[index]}`,
        variableHeader: 'apns-id',
        variableValue: (index) => ids[index] ?? '',
        maxBodyBytes: BODY.length,
        writeBody: (_index, target, offset) => BODY.copy(target, offset),
      };
      await client.send(source, {
        onResponse: (_index, response) => {
          if (response.status === 200) accepted++;
        },
        onFailure: (index, { reason }) => console.error(`request ${index}: ${reason}`),
      });
      return accepted;
    },
    close: () => client.close(),
  };
}

/** The part of `@parse/node-apn` 8.1 that is used here. */
interface NodeApn {
  readonly Provider: new (
    options: unknown,
  ) => {
    send(notification: unknown, recipients: readonly string[]): Promise<{ sent: unknown[] }>;
    shutdown(): void;
  };
  readonly Notification: new () => Record<string, unknown>;
}

async function overNodeApn({ port, caFile, cacheFolder }: Workload): Promise<BenchClient> {
  const load = createRequire(join(cacheFolder, 'index.js'));
  const apn = load('@parse/node-apn') as NodeApn;
  const { privateKey } = (await import('node:crypto')).generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const provider = new apn.Provider({
    token: { key, keyId: 'ABCDEFGHIJ', teamId: 'KLMNOPQRST' },
    address: 'localhost',
    port,
    ca: [readFileSync(caFile)],
    requestTimeout: 30_000,
  });
  const tokens: string[] = [];
  return {
    prepare: (count) => {
      for (let index = tokens.length; index < count; index++) tokens.push(tokenOf(index));
    },
    send: async (count) => {
      let accepted = 0;
      for (let start = 0; start < count; start += 1_000) {
        const recipients = tokens.slice(start, Math.min(start + 1_000, count));
        const notification = new apn.Notification();
        Object.assign(notification, { id: apnsIdOf(start) });
        Object.assign(notification, { rawPayload: JSON.parse(BODY.toString()), topic: 'org.example.tocsin' });
        Object.assign(notification, { pushType: 'alert', priority: 10, expiry: 1_893_456_000 });
        accepted += (await provider.send(notification, recipients)).sent.length;
      }
      return accepted;
    },
    close: async () => provider.shutdown(),
  };
}
