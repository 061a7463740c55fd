/**
 * The narrow view of PostgreSQL that the rest of the server works with. Statements are written in `store/`
 * and `queue/` only; `bigint` arrives as number (ids stay far below 2^53), `timestamptz` as Date.
 */
import pg from 'pg';

export interface Queryable {
  /** Runs one statement. `name` prepares it once per connection. */
  query<Row extends object>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>;
}

export interface Database extends Queryable {
  /** One connection, one transaction: commits when `work` resolves, rolls back when it throws. */
  transaction<T>(work: (connection: Queryable) => Promise<T>): Promise<T>;
  /** Calls `onPayload` for every NOTIFY on `channel`, and once with '' after a reconnect; returns the stop function. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const INT8 = 20;

export function typesWithNumbers() {
  return {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format),
  };
}

export async function run<Row extends object>(
  client: pg.Pool | pg.ClientBase,
  text: string,
  values: readonly unknown[] | undefined,
  name: string | undefined,
): Promise<Row[]> {
  const statement = { text, ...(values && { values: [...values] }), ...(name && { name }) };
  return (await client.query<Row>(statement)).rows;
}

/** Opens a pool. `onError` hears of idle connections that broke; the pool replaces them by itself. */
export function openDatabase(
  connection: pg.PoolConfig,
  onError: (error: Error) => void,
  connections = 10,
): Database {
  const config = { types: typesWithNumbers(), max: connections, ...connection } as pg.PoolConfig;
  const pool = new pg.Pool(config);
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return {
    query: (text, values, name) => run(pool, text, values, name),
    transaction: (work) => inTransaction(pool, work),
    listen: (channel, onPayload) => listen(config, channel, onPayload, onError),
    close: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (connection: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work({ query: (text, values, name) => run(client, text, values, name) });
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

const RECONNECT_MS = 500;

async function listen(
  config: pg.PoolConfig,
  channel: string,
  onPayload: (payload: string) => void,
  onError: (error: Error) => void,
): Promise<() => Promise<void>> {
  let stopped = false;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  const connect = async () => {
    const fresh = new pg.Client(config);
    client = fresh;
    fresh.on('notification', (message) => onPayload(message.payload ?? ''));
    fresh.on('error', onError);
    fresh.on('end', () => reconnect());
    await fresh.connect();
    await fresh.query(`listen ${pg.escapeIdentifier(channel)}`);
  };
  const reconnect = () => {
    if (stopped || timer) return;
    timer = setTimeout(() => {
      timer = null;
      connect().then(
        () => onPayload(''),
        (error: Error) => {
          onError(error);
          reconnect();
        },
      );
    }, RECONNECT_MS);
  };
  await connect();
  return async () => {
    stopped = true;
    if (timer) clearTimeout(timer);
    await client?.end();
  };
}
