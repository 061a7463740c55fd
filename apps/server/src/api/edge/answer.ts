import type { FastifyReply, FastifyRequest } from 'fastify';
import { commonHeadersOf, type FlatHeaders } from './common-headers.ts';

/**
 * Writes a finished JSON answer past Fastify's reply, whose hooks and headers are a sixth of what a POST costs
 * (measured). For the publishing routes only; it sends the same headers.
 */
export function answerAtOnce(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  answer: object,
  headers: FlatHeaders = [],
): FastifyReply {
  const body = JSON.stringify(answer);
  reply.hijack();
  reply.raw.writeHead(status, [
    'content-type',
    'application/json; charset=utf-8',
    ...commonHeadersOf(request),
    ...headers,
    'content-length',
    String(Buffer.byteLength(body)),
  ]);
  reply.raw.end(body);
  return reply;
}
