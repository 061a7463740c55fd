/** One client per push service, so that one service's stall is nobody else's. */
import type { Http2Client } from '../http2/index.ts';

export interface Origins {
  client(origin: string): Http2Client;
  close(): Promise<void>;
}

export function createOrigins(open: (origin: string) => Http2Client, most: number): Origins {
  // A Map keeps the order of insertion: the first is the longest unused.
  const clients = new Map<string, Http2Client>();
  return {
    client(origin) {
      const client = clients.get(origin) ?? open(origin);
      clients.delete(origin);
      clients.set(origin, client);
      const [oldest] = clients;
      if (clients.size > most && oldest) {
        clients.delete(oldest[0]);
        void oldest[1].close();
      }
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
      clients.clear();
    },
  };
}
