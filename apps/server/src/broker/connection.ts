/** What the broker knows of one connection besides what aedes keeps. */
import type { Principal } from './principal.ts';

export interface Connection {
  /** IP address of the client; '' when it deserves no trust for where it is. */
  readonly address: string;
  /** The client identifier as the client gave it. */
  clientId: string;
  principal: Principal | null;
  /** Idempotency keys of what was answered on this connection, by packet identifier. */
  readonly answered: Map<number, MessageKey>;
  /** Publishing: what is looked into, and what is answered, in the order of arrival. */
  checked: Promise<unknown>;
  finished: Promise<unknown>;
  /** A publish was refused: the connection ends, nothing behind it is taken. */
  isRefused: boolean;
}

export interface MessageKey {
  readonly scope: string;
  readonly key: string;
}

export function newConnection(address: string): Connection {
  const start = Promise.resolve();
  return {
    address,
    clientId: '',
    principal: null,
    answered: new Map(),
    checked: start,
    finished: start,
    isRefused: false,
  };
}
