/** What a client needs to reach the embedded database. */
export interface Connection {
  /** Directory of the Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export const SUPERUSER = 'postgres';
export const PORT = 5432;
export const DATABASE = 'tocsin';

export function connectionAt(socket: string): Connection {
  return { host: socket, port: PORT, user: SUPERUSER, database: DATABASE };
}
