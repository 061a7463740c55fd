/** The door to addresses that the operator configured: a deadline, no redirects, and no body is read. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Door {
  /** For the whole exchange, the connection included. */
  readonly timeoutMs: number;
  /** Certificate authorities (PEM) instead of the system's. */
  readonly ca?: string | undefined;
}

const MOST_HEADER_BYTES = 16 * 1024;

/** Resolves with the status, whatever it is. Rejects when there is no answer in time; the error names no URL. */
export function postJson(url: string, value: object, door: Door): Promise<number> {
  const body = Buffer.from(JSON.stringify(value));
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      agent: false,
      maxHeaderSize: MOST_HEADER_BYTES,
      ...(door.ca !== undefined && { ca: door.ca }),
      headers: { 'content-type': 'application/json', 'content-length': body.length, accept: '*/*' },
    });
    const deadline = setTimeout(
      () => asked.destroy(new Error(`no answer within ${door.timeoutMs} ms`)),
      door.timeoutMs,
    );
    asked.on('close', () => clearTimeout(deadline));
    asked.on('error', reject);
    asked.on('response', (answer) => {
      resolve(answer.statusCode ?? 0);
      // Whatever it goes on to say is not wanted.
      asked.destroy();
    });
    asked.end(body);
  });
}
