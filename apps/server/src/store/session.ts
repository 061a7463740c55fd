/** One connection of its own for what needs more than statements: COPY, and settings of a session. */
import pg from 'pg';
import { type Queryable, run, typesWithNumbers } from './database.ts';

export interface Session extends Queryable {
  readonly client: pg.Client;
  close(): Promise<void>;
}

/** COPY writes and reads values the same way, whatever the server's own settings are. */
const SETTINGS =
  "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set bytea_output = 'hex'";

export async function openSession(connection: pg.ClientConfig): Promise<Session> {
  const client = new pg.Client({ ...connection, types: typesWithNumbers() });
  // The statement under way fails with it.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(SETTINGS);
  return {
    client,
    query: (text, values, name) => run(client, text, values, name),
    close: () => client.end(),
  };
}
