/** One short conversation with a directory server: connect, encrypt, talk, hang up, all within one deadline. */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Client, ResultCodeError } from 'ldapts';

export interface DirectoryServer {
  /** `ldap://` or `ldaps://`. */
  readonly url: string;
  /** Encrypts an `ldap://` connection before anything is said on it. */
  readonly startTls: boolean;
  /** Certificate authorities (PEM) instead of the system's. */
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

/** Rejects with what went wrong, at the latest after `timeoutMs`; nothing stays open. */
export async function withConnection<T>(
  server: DirectoryServer,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const sockets: Socket[] = [];
  const { hostname, protocol } = new URL(server.url);
  const tls = { ...(server.ca !== undefined && { ca: server.ca }), minVersion: 'TLSv1.2' } as const;
  const client = new Client({
    url: server.url,
    // With these the library speaks TLS from the first byte, also to ldap://.
    ...(protocol === 'ldaps:' && { tlsOptions: tls }),
    createConnection: once(connect, sockets),
    createSecureConnection: once(connectTls, sockets),
  });
  const converse = async () => {
    if (protocol === 'ldap:' && server.startTls) await client.startTLS({ ...tls, ...nameOf(hostname) });
    return work(client);
  };
  const deadline = startDeadline(server.timeoutMs);
  try {
    return await Promise.race([converse(), deadline.passed]);
  } finally {
    deadline.stop();
    for (const socket of sockets) socket.on('error', () => undefined).destroy();
  }
}

/**
 * The library connects again by itself when a connection was lost, and then without the encryption that StartTLS
 * had brought: the password would travel in the clear. So each way of connecting works once.
 */
function once<Connect extends (...given: never[]) => Socket | TLSSocket>(
  connect: Connect,
  sockets: Socket[],
): Connect {
  let isUsed = false;
  const connectOnce = (...given: Parameters<Connect>) => {
    if (isUsed) throw new Error('the connection was lost');
    isUsed = true;
    const socket = connect(...given);
    sockets.push(socket);
    return socket;
  };
  return connectOnce as Connect;
}

/** What the certificate must say. RFC 6066 §3: an address is no server name. */
function nameOf(hostname: string): { host: string; servername?: string } {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

function startDeadline(ms: number): { passed: Promise<never>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return { passed, stop: () => clearTimeout(timer) };
}

/** A sentence for the log. The texts of directory servers may repeat names; their codes do not. */
export function reasonOf(error: unknown): string {
  if (error instanceof ResultCodeError) return `${error.name} (LDAP code ${error.code})`;
  const { code, message } = error as NodeJS.ErrnoException;
  return [code, message].filter(Boolean).join(': ') || 'no connection';
}
