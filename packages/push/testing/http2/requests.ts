import type { Failure, Http2ClientOptions, RequestSource, ResponseHandler } from '../../src/http2/client.ts';
import { selfSignedCertificate } from '../certificate.ts';

/** What came back for one index; exactly one of `status` and `failure` is set. */
export interface Reply {
  readonly status: number | null;
  readonly header: string | undefined;
  readonly body: string;
  readonly failure: Failure | null;
}

/** Keeps every reply and counts calls, so that a test can say "exactly once". */
export class ReplyRecorder implements ResponseHandler {
  readonly replies: Reply[] = [];
  readonly order: number[] = [];
  calls = 0;
  onReply: ((index: number) => void) | null = null;

  onResponse: ResponseHandler['onResponse'] = (index, response) => {
    const { status } = response;
    const body = response.body.toString();
    this.record(index, { status, header: response.header('apns-id'), body, failure: null });
  };

  onFailure: ResponseHandler['onFailure'] = (index, failure) => {
    this.record(index, { status: null, header: undefined, body: '', failure });
  };

  private record(index: number, reply: Reply): void {
    this.calls++;
    this.replies[index] = reply;
    this.order.push(index);
    this.onReply?.(index);
  }

  statuses(): (number | null)[] {
    return this.replies.map(({ status }) => status);
  }

  failures(): Failure[] {
    return this.replies.flatMap(({ failure }) => failure ?? []);
  }
}

export const SOME_HEADERS: RequestSource['headers'] = [
  ['authorization', 'bearer aaaa.bbbb.cccc'],
  ['apns-topic', 'org.example.app'],
  ['apns-push-type', 'alert'],
];

/** `count` small requests to `/3/device/<prefix><index>`, each with its own apns-id and body. */
export function requests(
  count: number,
  changes: Partial<RequestSource> & { prefix?: string } = {},
): RequestSource {
  const { prefix = 'device', ...rest } = changes;
  return {
    count,
    headers: SOME_HEADERS,
    path: (index) => `/3/device/${prefix}${index}`,
    variableHeader: 'apns-id',
    variableValue: (index) => `id-${index}`,
    maxBodyBytes: 64,
    writeBody: (index, target, offset) => target.write(`{"n":${index}}`, offset),
    ...rest,
  };
}

/** Client options for `origin` with short timeouts. */
export function optionsFor(origin: string, changes: Partial<Http2ClientOptions> = {}): Http2ClientOptions {
  return {
    origin,
    connections: 1,
    maxStreams: 100,
    requestTimeoutMs: 5_000,
    connectTimeoutMs: 5_000,
    pingAfterMs: 60_000,
    ca: selfSignedCertificate().ca,
    ...changes,
  };
}
