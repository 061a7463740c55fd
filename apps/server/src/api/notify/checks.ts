/** What a single value must be: pure, with the faults worded as pydantic 2 words them (its lax mode). */
import { isStorable } from '@tocsin/contract';

export interface Fault {
  readonly type: string;
  readonly msg: string;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export type Checked<T> = { readonly value: T } | { readonly fault: Fault };
export type Check<T> = (given: unknown) => Checked<T>;

const fault = (type: string, msg: string, ctx?: Fault['ctx']) => ({
  fault: { type, msg, ...(ctx && { ctx }) },
});
const valueError = (text: string) => fault('value_error', `Value error, ${text}`, { error: {} });

/** Text PostgreSQL can keep, at most so many UTF-16 units long. */
export function text(maxLength: number): Check<string> {
  return (given) => {
    if (typeof given !== 'string') return fault('string_type', 'Input should be a valid string');
    if (!isStorable(given)) return valueError('Text must not contain NUL or unpaired surrogates');
    if (given.length <= maxLength) return { value: given };
    return fault('string_too_long', `String should have at most ${maxLength} characters`, {
      max_length: maxLength,
    });
  };
}

/** Six hex digits without `#`; the case is kept. */
export const color: Check<string> = (given) => {
  if (typeof given !== 'string') return fault('string_type', 'Input should be a valid string');
  if (/^[0-9a-fA-F]{6}$/.test(given)) return { value: given };
  return valueError('Color should match [0-9a-fA-F]{6}');
};

const WORDS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...['1', 'on', 't', 'true', 'y', 'yes', 1, true].map((word) => [word, true] as const),
  ...['0', 'off', 'f', 'false', 'n', 'no', 0, false].map((word) => [word, false] as const),
]);

export const boolean: Check<boolean> = (given) => {
  const value = WORDS.get(typeof given === 'string' ? given.toLowerCase() : given);
  if (value !== undefined) return { value };
  return typeof given === 'string' || Number.isInteger(given)
    ? fault('bool_parsing', 'Input should be a valid boolean, unable to interpret input')
    : fault('bool_type', 'Input should be a valid boolean');
};

/** Takes 7, 7.0, true, " +7 " and "1_0". What is beyond 2^53 can be nobody's id: it becomes -1, which no row has. */
export const integer: Check<number> = (given) => {
  if (typeof given === 'boolean') return { value: Number(given) };
  if (typeof given === 'string') {
    if (!/^\s*[+-]?\d+(?:_\d+)*(?:\.0+)?\s*$/.test(given))
      return fault('int_parsing', 'Input should be a valid integer, unable to parse string as an integer');
    return { value: safe(Number(given.replaceAll('_', ''))) };
  }
  if (typeof given !== 'number') return fault('int_type', 'Input should be a valid integer');
  if (!Number.isFinite(given)) return fault('finite_number', 'Input should be a finite number');
  if (Number.isInteger(given)) return { value: safe(given) };
  return fault('int_from_float', 'Input should be a valid integer, got a number with a fractional part');
};

const safe = (value: number) => (Number.isSafeInteger(value) ? value : -1);

export function integerBetween(least: number, most: number): Check<number> {
  return (given) => {
    const checked = integer(given);
    if ('fault' in checked) return checked;
    const range = (type: string, word: string, limit: number, name: string) =>
      fault(type, `Input should be ${word} than or equal to ${limit}`, { [name]: limit });
    if (checked.value < least) return range('greater_than_equal', 'greater', least, 'ge');
    return checked.value > most ? range('less_than_equal', 'less', most, 'le') : checked;
  };
}

export function oneOf<Choice extends string>(choices: readonly Choice[]): Check<Choice> {
  const quoted = choices.map((choice) => `'${choice}'`);
  const expected = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  return (given) => {
    const value = choices.find((choice) => choice === given);
    return value !== undefined ? { value } : fault('enum', `Input should be ${expected}`, { expected });
  };
}

const DASHED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** With dashes, as urn or in braces, or as 32 digits; the value is lower case with dashes. */
export const uuid: Check<string> = (given) => {
  if (typeof given !== 'string')
    return fault('uuid_type', 'UUID input should be a string, bytes or UUID object');
  if (DASHED.test(given)) return { value: given.toLowerCase() };
  const bare = given.replace(/^urn:uuid:/, '').replace(/^\{(.*)\}$/, '$1');
  if (DASHED.test(bare)) return { value: bare.toLowerCase() };
  if (/^[0-9a-f]{32}$/i.test(given))
    return { value: given.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') };
  const error = uuidFault(bare, bare === given);
  return fault('uuid_parsing', `Input should be a valid UUID, ${error}`, { error });
};

function uuidFault(bare: string, isPlain: boolean): string {
  const characters = [...bare];
  const index = characters.findIndex((character) => !/[0-9a-f-]/i.test(character));
  if (index >= 0) {
    const expected = 'expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-]';
    return `invalid character: ${expected}, found \`${characters[index]}\` at ${index + 1}`;
  }
  const groups = bare.split('-');
  if (isPlain && groups.length === 1)
    return `invalid length: expected length 32 for simple format, found ${bare.length}`;
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`;
  const lengths = [8, 4, 4, 4, 12];
  const wrong = groups.findIndex((group, position) => group.length !== lengths[position]);
  return `invalid group length in group ${wrong}: expected ${lengths[wrong]}, found ${groups[wrong]?.length}`;
}
