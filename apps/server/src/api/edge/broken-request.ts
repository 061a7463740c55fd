/** What is not even HTTP is answered as far as HTTP allows, then the connection is closed. */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ERRORS, type ErrorCode } from '@tocsin/contract';
import type { OverSocket } from '../../lib/tls-handshakes.ts';
import { problemBody } from './problem.ts';

const BROKEN: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

/** Node keeps the answer under way here; bytes of ours in the middle of it would be taken for a part of it. */
type AnsweringSocket = Socket & { readonly _httpMessage?: ServerResponse | null } & Pick<
    OverSocket,
    '_parent'
  >;

export function answerBrokenRequest(error: Error & { code?: string }, socket: AnsweringSocket): void {
  // Plain HTTP where TLS is spoken: only below TLS there is somebody who would understand.
  if (error.code === 'ERR_SSL_HTTP_REQUEST' && socket._parent?.writable) {
    end(socket._parent, 'bad-request', 'This port takes HTTPS only');
    return;
  }
  const isUnanswerable = /^(?:ECONNRESET$|ERR_SSL_|ERR_TLS_)/.test(error.code ?? '');
  if (isUnanswerable || !socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const code = BROKEN[error.code ?? ''] ?? 'bad-request';
  end(socket, code, ERRORS[code].title);
}

function end(socket: Socket, code: ErrorCode, detail: string): void {
  const { status } = ERRORS[code];
  const body = JSON.stringify(problemBody(code, detail));
  socket.end(
    [
      `HTTP/1.1 ${status} ${REASONS[status] ?? ''}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
      'Cache-Control: no-store',
      'Referrer-Policy: no-referrer',
      'X-Content-Type-Options: nosniff',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
