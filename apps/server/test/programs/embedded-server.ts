/** Starts the embedded database of the data directory in argv and stores one row, then waits to be killed. */
import pg from 'pg';
import { startEmbedded } from '../../src/database/supervise.ts';

const { connection } = await startEmbedded({ dataDir: process.argv[2] ?? '', log: console.error });
const client = new pg.Client(connection);
await client.connect();
await client.query('create table kept as select 42 as answer');
console.log('ready');
