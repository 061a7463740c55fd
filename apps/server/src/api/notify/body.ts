/** Bodies as FastAPI takes them: JSON by its label or without one; anything else stays the text it is. */
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
  try {
    // PowerShell writes UTF-16 with a byte order mark; a mark of UTF-8 is dropped.
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw unreadableBody();
  }
}

function bytesOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function encodingOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  return mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
}
