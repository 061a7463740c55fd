/**
 * The one door to the outside: every request to an address that a user, or somebody else's document, can influence.
 * Redirects are not followed, every address is vetted when the connection is made, and what comes back is bounded in
 * time and size.
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { hostOf, portOf } from '../http2/secure.ts';
import { type AddressGuard, createAddressGuard } from './address-guard.ts';
import { readEndpoint } from './endpoint.ts';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Only the status and the headers are wanted: whatever else it has to say is not read. */
  readonly isBodyIgnored?: boolean;
}

export interface Reply {
  /** Whatever it is: a redirect is an answer like any other. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Door {
  /** Rejects with `DoorError` when there is no answer, or none that may be read. */
  ask(question: Question): Promise<Reply>;
}

export interface DoorOptions {
  readonly guard: AddressGuard;
  /** ms for the whole exchange, looking up the name included. */
  readonly timeoutMs: number;
  /** Certificate authorities (PEM) instead of the system's. */
  readonly ca?: string | undefined;
  /** Longest answer read, bytes; 1 MB when not given. */
  readonly mostAnswerBytes?: number;
}

/** The message names hosts and addresses, never paths, headers or bodies. */
export class DoorError extends Error {
  /** The system's, when it was the system that failed. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = 'DoorError';
    this.code = code;
  }
}

const MOST_HEADER_BYTES = 16 * 1_024;
const MOST_ANSWER_BYTES = 1_000_000;

/** To addresses that others choose. Each request has a connection of its own. */
export function createDoor(options: DoorOptions): Door {
  return {
    async ask(question) {
      const url = readEndpoint(question.url, options.guard);
      if (typeof url === 'string') throw new DoorError(url);
      return exchange(url, question, options);
    },
  };
}

export interface OperatorDoorOptions extends Omit<DoorOptions, 'guard'> {
  /** What the operator wrote into the settings. */
  readonly url: string;
  /** Hosts and networks that other addresses may lie in: see `createAddressGuard`. */
  readonly allow: readonly string[];
  /** The system's resolver unless a test brings its own. */
  readonly resolve?: Parameters<typeof createAddressGuard>[1];
}

/**
 * To an address of the settings, and to those that the server there names. Scheme, host and port of the setting are
 * the operator's word and may be anywhere; every other address must be public or allowed.
 */
export function createOperatorDoor({ url, allow, resolve, ...options }: OperatorDoorOptions): Door {
  const { origin } = new URL(url);
  const own = createDoor({ ...options, guard: createAddressGuard([hostOf(origin)], resolve) });
  const others = createDoor({ ...options, guard: createAddressGuard(allow, resolve) });
  return {
    ask: (question) => (originOf(question.url) === origin ? own : others).ask(question),
  };
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : null);

function exchange(url: URL, question: Question, options: DoorOptions): Promise<Reply> {
  const { timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const asked = start(url, question, options);
    const late = () => end(() => reject(new DoorError(`no answer within ${timeoutMs} ms`)));
    const deadline = setTimeout(late, timeoutMs);
    const end = (settle: () => void) => {
      clearTimeout(deadline);
      settle();
      // Nothing stays open, and whatever it goes on to say is not wanted.
      asked.destroy();
    };
    const fail = (error: Error) => end(() => reject(doorError(error)));
    let isAnswered = false;
    // What came before the connection ended is still to be read: then reading says whether it was all.
    const lose = (error: Error) => {
      if (!isAnswered) fail(error);
    };
    asked.on('error', lose);
    asked.on('close', () => lose(new DoorError('the server closed the connection without an answer')));
    asked.on('response', (response) => {
      isAnswered = true;
      read(response, question, options).then((reply) => end(() => resolve(reply)), fail);
    });
    asked.end(question.body);
  });
}

function start(url: URL, { method, headers, body }: Question, { guard, ca }: DoorOptions): ClientRequest {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return request({
    method,
    host: hostOf(url.origin),
    port: portOf(url.origin),
    path: url.pathname + url.search,
    agent: false,
    lookup: guard.lookup,
    maxHeaderSize: MOST_HEADER_BYTES,
    ...(ca === undefined ? {} : { ca }),
    headers: {
      accept: '*/*',
      ...headers,
      // What is compressed has no size before it is unpacked.
      'accept-encoding': 'identity',
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    },
  });
}

async function read(
  response: IncomingMessage,
  { isBodyIgnored = false }: Question,
  { mostAnswerBytes = MOST_ANSWER_BYTES }: DoorOptions,
): Promise<Reply> {
  const { statusCode: status = 0, headers } = response;
  if (isBodyIgnored) return { status, headers, body: Buffer.alloc(0) };
  const { 'content-encoding': encoding = 'identity' } = headers;
  if (encoding !== 'identity') throw new DoorError('the answer is compressed, which was not asked for');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostAnswerBytes) throw new DoorError(`the answer is longer than ${mostAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return { status, headers, body: Buffer.concat(chunks) };
}

/** Errors of the system carry more than their message: parts of the answer, certificates. */
function doorError(error: NodeJS.ErrnoException): DoorError {
  return error instanceof DoorError ? error : new DoorError(error.message || 'no connection', error.code);
}
