/** Bodies of API v3: JSON in UTF-8 (RFC 8259 §8.1), not compressed, and nothing else. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findJsonFault } from './json-fault.ts';
import { ApiProblem } from './problem.ts';

/** Replaces Fastify's parsers, which put U+FFFD where a body is not UTF-8 and take text/plain for a value. */
export function takeJsonOnly(api: FastifyInstance): void {
  api.removeAllContentTypeParsers();
  // A key like __proto__ would be dropped silently further on.
  const parse = api.getDefaultJsonParser('error', 'error');
  api.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseForeignCoding(request);
      if (body.length === 0) return undefined;
      const text = decode(body);
      return new Promise((resolve, reject) => {
        void parse(request, text, (error, value) => (error ? reject(explain(text)) : resolve(value)));
      });
    },
  );
}

function refuseForeignCoding({ headers }: FastifyRequest): void {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity')
    throw new ApiProblem('unsupported-media-type', `Content-Encoding ${JSON.stringify(coding)} is not taken`);
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset))
    throw new ApiProblem(
      'unsupported-media-type',
      `The charset ${JSON.stringify(charset)} is not taken, only utf-8`,
    );
}

/** A byte order mark is dropped. */
function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new ApiProblem('invalid-json', 'The body is not valid UTF-8');
  }
}

/** Names the place and never the text around it, in which there may be a secret. */
function explain(text: string): ApiProblem {
  try {
    JSON.parse(text);
  } catch {
    const { message, position } = findJsonFault(text);
    return new ApiProblem('invalid-json', `${message} (character ${position})`);
  }
  return new ApiProblem('invalid-json', 'The keys "__proto__" and "constructor.prototype" are not taken');
}
