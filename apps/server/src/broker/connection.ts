/** What the broker knows of one connection besides what aedes keeps. */
import type { ListenableDevice } from './access.ts';
import type { Principal } from './principal.ts';

export interface Connection {
  /** IP address of the client; '' when it deserves no trust for where it is. */
  readonly address: string;
  /** `<username>/<client identifier>`: nobody can take over or be taken for another user's client. */
  clientId: string;
  principal: Principal | null;
  /** Devices it was granted to listen for, by topic. */
  readonly granted: Map<string, ListenableDevice>;
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
    granted: new Map(),
    answered: new Map(),
    checked: start,
    finished: start,
    isRefused: false,
  };
}
