import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const USABLE = /^[\w.-]{8,64}$/;

/** A proxy's or caller's own `X-Request-Id` is kept when it can stand in a log; others get a new one, unique over all nodes. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && USABLE.test(given) ? given : randomUUID();
}
