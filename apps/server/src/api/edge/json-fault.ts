/**
 * Where and why a text is not JSON, in the words and positions of Python's decoder: the Notify API answers them
 * (`json_invalid`), and v3 repeats them. Asked only after JSON.parse has refused the text. Keeps its own stack, so no depth overflows it.
 */
export interface JsonFault {
  readonly message: string;
  /** In characters (code points), from 0. */
  readonly position: number;
}

type Expected = 'value' | 'member' | 'next';
type Fault = { readonly message: string; readonly at: number };
type Step = { readonly at: number; readonly expected: Expected } | Fault;

const LITERAL = 'true|false|null|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?';

export function findJsonFault(text: string): JsonFault {
  /** The brackets that must close what is open, innermost last. */
  const open: string[] = [];
  let step: Step = { at: 0, expected: 'value' };
  while (!('message' in step)) step = read[step.expected](text, skip(text, step.at), open);
  return { message: step.message, position: [...text.slice(0, step.at)].length };
}

const read: Record<Expected, (text: string, at: number, open: string[]) => Step> = {
  value(text, at, open) {
    const first = text[at];
    if (first === '"') return afterString(text, at);
    if (first === '{' || first === '[') return enter(text, at, open);
    const end = afterLiteral(text, at);
    return end > at ? { at: end, expected: 'next' } : { message: 'Expecting value', at };
  },
  member(text, at) {
    if (text[at] !== '"') return { message: 'Expecting property name enclosed in double quotes', at };
    const name = afterString(text, at);
    if ('message' in name) return name;
    const colon = skip(text, name.at);
    if (text[colon] !== ':') return { message: "Expecting ':' delimiter", at: colon };
    return { at: colon + 1, expected: 'value' };
  },
  next(text, at, open) {
    const closing = open.at(-1);
    if (closing === undefined) return { message: at < text.length ? 'Extra data' : 'Expecting value', at };
    if (text[at] === closing) {
      open.pop();
      return { at: at + 1, expected: 'next' };
    }
    if (text[at] !== ',') return { message: "Expecting ',' delimiter", at };
    return { at: at + 1, expected: closing === ']' ? 'value' : 'member' };
  },
};

function enter(text: string, at: number, open: string[]): Step {
  const closing = text[at] === '{' ? '}' : ']';
  const first = skip(text, at + 1);
  if (text[first] === closing) return { at: first + 1, expected: 'next' };
  open.push(closing);
  return { at: first, expected: closing === '}' ? 'member' : 'value' };
}

function afterString(text: string, begin: number): Step {
  for (let at = begin + 1; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') return { at: at + 1, expected: 'next' };
    if (character < ' ') return { message: 'Invalid control character at', at };
    if (character !== '\\') continue;
    const escaped = text[at + 1];
    if (escaped === undefined) break;
    if (escaped === 'u') {
      if (!/^[0-9a-f]{4}$/i.test(text.slice(at + 2, at + 6)))
        return { message: 'Invalid \\uXXXX escape', at: at + 1 };
      at += 5;
    } else if ('"\\/bfnrt'.includes(escaped)) at++;
    else return { message: 'Invalid \\escape', at };
  }
  return { message: 'Unterminated string starting at', at: begin };
}

function skip(text: string, start: number): number {
  let at = start;
  while (' \t\n\r'.includes(text[at] ?? 'end')) at++;
  return at;
}

/** The place after a word or number that begins at `at`, or `at` itself. */
function afterLiteral(text: string, at: number): number {
  const pattern = new RegExp(LITERAL, 'y');
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
