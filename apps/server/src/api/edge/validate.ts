/** Checks requests against their Zod schemas and says, for each field that fails, its rule and its value. */
import { type InputFault, isStorable } from '@tocsin/contract';
import type { z } from 'zod';
import { ApiProblem } from './problem.ts';

/** Never repeated in an answer: answers end up in logs. Whoever knows a push address can send to it. */
const SECRET = new Set([
  'password',
  'current',
  'next',
  'token',
  'credential',
  'address',
  'p8',
  'serviceAccount',
  'code',
  'private_key',
]);
const MOST_FAULTS = 20;
const LONGEST_ECHO = 200;
const PARTS: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'header' };

type Issue = z.core.$ZodIssue;

/** Fastify's validator compiler. */
export function validateWithZod({ schema, httpPart = '' }: { schema: z.ZodType; httpPart?: string }) {
  const part = PARTS[httpPart] ?? httpPart;
  return (given: unknown): { value: unknown } | { error: ApiProblem } => {
    const result = schema.safeParse(given, { reportInput: true });
    if (result.success) return { value: result.data };
    return { error: invalidInput(result.error.issues.flatMap((issue) => toFaults(issue, part))) };
  };
}

/** The problem that names these fields; there must be at least one. */
export function invalidInput(all: readonly InputFault[]): ApiProblem {
  const faults = all.slice(0, MOST_FAULTS);
  const detail = faults.map(toSentence).join('; ');
  return new ApiProblem('invalid-input', detail, { faults });
}

function toSentence({ field, rule, value }: InputFault): string {
  return `${field}: ${rule}${value === undefined ? '' : ` (was ${JSON.stringify(value)})`}`;
}

function toFaults(issue: Issue, part: string): InputFault[] {
  const field = [part, ...issue.path].map((name) => shorten(String(name))).join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: `${field}.${shorten(key)}`, rule: 'is not a known field' }));
  if (issue.code === 'invalid_key')
    return [{ field, rule: `its name is not valid: ${issue.issues[0]?.message ?? issue.message}` }];
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  const value = isSecret(issue) ? undefined : echo(issue.input);
  return [{ field, rule: isMissing ? 'is needed' : issue.message, ...(value !== undefined && { value }) }];
}

/** A whole body is not repeated either: there may be a secret in it. */
function isSecret({ path }: Issue): boolean {
  return path.length === 0 || path.some((name) => SECRET.has(String(name)));
}

function echo(value: unknown): InputFault['value'] {
  if (typeof value === 'string') return shorten(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return typeof value === 'boolean' || value === null ? value : undefined;
}

function shorten(text: string): string {
  const short = text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text;
  return isStorable(short) ? short : short.toWellFormed().replaceAll('\0', '\ufffd');
}
