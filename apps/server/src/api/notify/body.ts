/** Bodies as FastAPI takes them: JSON by its label or without one; anything else stays the text it is. */
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { findJsonFault } from '../edge/json-fault.ts';
import { unprocessable, unreadableBody } from './failure.ts';

/** Labels come without parameters: plugin.ts took them off. */
const JSON_LABEL = /^application\/(?:json|\S+\+json)$/i;
const FORM_LABEL = /^application\/x-www-form-urlencoded$/i;

/** A body under another label is no JSON: a page in somebody's browser can send text/plain and forms, not JSON. */
export function readJson(request: FastifyRequest): unknown {
  const label = request.headers['content-type'];
  const isJson = label === undefined || JSON_LABEL.test(label);
  return isJson ? readAnyJson(request) : textOf(request) || null;
}

/** JSON whatever its label: the iOS app's device tokens come labelled as a form (notify-api.md §1.10). */
export function readAnyJson(request: FastifyRequest): unknown {
  const text = textOf(request);
  // No body is answered like the body `null`.
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    const { message, position } = findJsonFault(text);
    throw unprocessable({
      type: 'json_invalid',
      loc: ['body', position],
      msg: 'JSON decode error',
      input: {},
      ctx: { error: message },
    });
  }
}

/** The form's fields; none of a body that is not one. Of a repeated field the last counts. */
export function readForm(request: FastifyRequest): Record<string, string> {
  if (!FORM_LABEL.test(request.headers['content-type'] ?? '')) return {};
  return Object.fromEntries(new URLSearchParams(bytesOf(request).toString()));
}

function textOf(request: FastifyRequest): string {
  const bytes = bytesOf(request);
  const encoding = encodingOf(bytes);
  if (encoding === 'utf-8' && isUtf8(bytes)) return bytes.toString('utf8', startsWithMark(bytes) ? 3 : 0);
  try {
    // PowerShell writes UTF-16 with a byte order mark.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw unreadableBody();
  }
}

/** The byte order mark of UTF-8 is no part of the text. */
function startsWithMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function bytesOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}
