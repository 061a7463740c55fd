/** Pure checks of what arrives, answering in pydantic 2's own form. Each reader returns the value or adds its error. */
import { isStorable } from '@tocsin/contract';
import { type FieldError, unprocessable } from './failure.ts';

type Location = readonly (string | number)[];

/** Collects every fault of a body before answering, as pydantic does. */
export interface Faults {
  readonly list: FieldError[];
  add(error: FieldError): void;
  /** Throws 422 when anything was found. */
  check(): void;
}

export function faults(): Faults {
  const list: FieldError[] = [];
  return {
    list,
    add: (error) => list.push(error),
    check() {
      if (list.length > 0) throw unprocessable(...list);
    },
  };
}

export const missing = (loc: Location, input: unknown): FieldError => ({
  type: 'missing',
  loc,
  msg: 'Field required',
  input,
});

/** The parsed JSON body, or 422 with the position where it stops being JSON. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw unprocessable(missing(['body'], null));
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? text.length);
    throw unprocessable({
      type: 'json_invalid',
      loc: ['body', position],
      msg: 'JSON decode error',
      input: {},
      ctx: { error: (error as Error).message },
    });
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function readObject(value: unknown, loc: Location = ['body']): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw unprocessable({
    type: 'model_attributes_type',
    loc,
    msg: 'Input should be a valid dictionary or object to extract fields from',
    input: value,
  });
}

export function readList(value: unknown, loc: Location = ['body']): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unprocessable({ type: 'list_type', loc, msg: 'Input should be a valid list', input: value });
}

export interface StringRule {
  /** The value when the field is absent; without it the field is required. */
  readonly fallback?: string;
  readonly maxLength?: number;
}

export function readString(
  body: Fields,
  name: string,
  found: Faults,
  rule: StringRule = {},
  at: Location = ['body'],
): string {
  const value = body[name];
  const loc = [...at, name];
  if (value === undefined && rule.fallback !== undefined) return rule.fallback;
  if (value === undefined) found.add(missing(loc, body));
  else if (typeof value !== 'string')
    found.add({ type: 'string_type', loc, msg: 'Input should be a valid string', input: value });
  else if (!isStorable(value))
    found.add({
      type: 'value_error',
      loc,
      msg: 'Value error, Text must not contain NUL or unpaired surrogates',
      ctx: { error: {} },
    });
  else if (rule.maxLength !== undefined && value.length > rule.maxLength) {
    const msg = `String should have at most ${rule.maxLength} characters`;
    found.add({
      type: 'string_too_long',
      loc,
      msg,
      input: `${value.slice(0, 64)}…`,
      ctx: { max_length: rule.maxLength },
    });
  } else return value;
  return '';
}

/** Null and absent mean "as it is". */
export function readOptionalString(
  body: Fields,
  name: string,
  found: Faults,
  rule: StringRule = {},
): string | null {
  return body[name] === undefined || body[name] === null ? null : readString(body, name, found, rule);
}

const TRUE = new Set(['1', 'on', 't', 'true', 'y', 'yes']);
const FALSE = new Set(['0', 'off', 'f', 'false', 'n', 'no']);

/** Accepts what pydantic's lax mode accepts. */
export function readBoolean(value: unknown, loc: Location, found: Faults): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value === 'string') {
    const word = value.toLowerCase();
    if (TRUE.has(word)) return true;
    if (FALSE.has(word)) return false;
    found.add({
      type: 'bool_parsing',
      loc,
      msg: 'Input should be a valid boolean, unable to interpret input',
      input: value,
    });
  } else found.add({ type: 'bool_type', loc, msg: 'Input should be a valid boolean', input: value });
  return false;
}

/** Integers beyond 2^53 cannot be anybody's id: they come back as -1, which no row has. */
export function readInteger(value: unknown, loc: Location, found: Faults): number {
  const parsed = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof parsed === 'number' && Number.isInteger(parsed))
    return Number.isSafeInteger(parsed) ? parsed : -1;
  if (typeof value === 'string') {
    const msg = 'Input should be a valid integer, unable to parse string as an integer';
    found.add({ type: 'int_parsing', loc, msg, input: value });
  } else if (typeof value === 'number') {
    found.add({
      type: 'int_from_float',
      loc,
      msg: 'Input should be a valid integer, got a number with a fractional part',
      input: value,
    });
  } else found.add({ type: 'int_type', loc, msg: 'Input should be a valid integer', input: value });
  return -1;
}

export function readChoice<Choice extends string>(
  value: unknown,
  loc: Location,
  choices: readonly Choice[],
  found: Faults,
): Choice {
  if (typeof value === 'string' && (choices as readonly string[]).includes(value)) return value as Choice;
  const quoted = choices.map((choice) => `'${choice}'`);
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  found.add({ type: 'enum', loc, msg: `Input should be ${expected}`, input: value, ctx: { expected } });
  return choices[0] as Choice;
}

const COLOR_MESSAGE = 'Color should match [0-9a-fA-F]{6}';

export function checkColor(color: string | null, found: Faults): void {
  if (color === null || found.list.some((error) => error.loc.at(-1) === 'color')) return;
  if (/^[0-9a-fA-F]{6}$/.test(color)) return;
  found.add({
    type: 'value_error',
    loc: ['body', 'color'],
    msg: `Value error, ${COLOR_MESSAGE}`,
    input: color,
    ctx: { error: {} },
  });
}

/** Lower case with dashes; taken with or without them, in braces or as urn, as Python's UUID does. */
export function readUuid(value: unknown, loc: Location, found: Faults): string {
  if (typeof value !== 'string') {
    found.add({
      type: 'uuid_type',
      loc,
      msg: 'UUID input should be a string, bytes or UUID object',
      input: value,
    });
    return '';
  }
  const bare = value.replace(/^urn:uuid:/i, '').replace(/^\{(.*)\}$/, '$1');
  const digits = bare.replaceAll('-', '');
  const dashed = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(bare);
  if (dashed || /^[0-9a-f]{32}$/i.test(bare)) {
    return digits.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  const error = uuidFault(bare);
  found.add({
    type: 'uuid_parsing',
    loc,
    msg: `Input should be a valid UUID, ${error}`,
    input: value,
    ctx: { error },
  });
  return '';
}

function uuidFault(text: string): string {
  const index = [...text].findIndex((character) => !/[0-9a-f-]/i.test(character));
  if (index >= 0) {
    return `invalid character: expected an optional prefix of \`urn:uuid:\` followed by [0-9a-fA-F-], found \`${[...text][index]}\` at ${index + 1}`;
  }
  if (!text.includes('-'))
    return `invalid length: expected length 32 for simple format, found ${text.length}`;
  const groups = text.split('-');
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`;
  const wrong = groups.findIndex((group, position) => group.length !== [8, 4, 4, 4, 12][position]);
  return `invalid group length in group ${wrong}: expected ${[8, 4, 4, 4, 12][wrong]}, found ${groups[wrong]?.length}`;
}
