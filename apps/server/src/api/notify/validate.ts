/** Collects what is wrong with a request, path first, then query, then body, before answering all of it. */
import type { Check } from './checks.ts';
import { type FieldError, unprocessable } from './failure.ts';

type Location = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;

/** What fields are read from. */
export interface Model {
  readonly loc: Location;
  /** Null when it was no object, which is a fault already noted. */
  readonly fields: Fields | null;
  /** What the fault of a missing field repeats. */
  readonly given: unknown;
}

/** What readers returned, once it is known that nothing is wrong. */
type Settled<Values> = { [Name in keyof Values]: Exclude<Values[Name], undefined> };

export class Faults {
  readonly #list: FieldError[] = [];

  add(error: FieldError): void {
    this.#list.push(error);
  }

  /** Throws 422 when anything was noted; otherwise what the readers returned is whole. */
  settle<Values extends object>(values: Values): Settled<Values> {
    if (this.#list.length > 0) throw unprocessable(...this.#list);
    return values as Settled<Values>;
  }
}

/** Longer texts are not echoed whole. */
const LONGEST_ECHO = 1_024;

/** The body as a model; `null` is no body. */
export function readModel(body: unknown, found: Faults, loc: Location = ['body']): Model {
  if (body === null && loc.length === 1) found.add(missing(loc, null));
  else if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return { loc, fields: body as Fields, given: body };
  else {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    found.add({ type: 'model_attributes_type', loc, msg, input: body });
  }
  return { loc, fields: null, given: body };
}

/** A body that is a list of models, and nothing else to be checked. Throws 422 with the faults of all items. */
export function readList<Item extends object>(
  body: unknown,
  readItem: (item: Model, found: Faults) => Item,
): Settled<Item>[] {
  const found = new Faults();
  if (body === null) found.add(missing(['body'], null));
  else if (!Array.isArray(body))
    found.add({ type: 'list_type', loc: ['body'], msg: 'Input should be a valid list', input: body });
  const given: readonly unknown[] = Array.isArray(body) ? body : [];
  const items = given.map((item, index) => readItem(readModel(item, found, ['body', index]), found));
  found.settle(items);
  return items as Settled<Item>[];
}

/** The field's value, or undefined with the fault noted. */
export function required<T>(model: Model, name: string, check: Check<T>, found: Faults): T | undefined {
  if (model.fields === null) return undefined;
  if (Object.hasOwn(model.fields, name)) return read(model, name, check, found);
  found.add(missing([...model.loc, name], model.given));
  return undefined;
}

/** An absent field is `fallback`; null is as wrong as anything else. */
export function optional<T>(
  model: Model,
  name: string,
  check: Check<T>,
  found: Faults,
  fallback: T,
): T | undefined {
  return model.fields && Object.hasOwn(model.fields, name) ? read(model, name, check, found) : fallback;
}

/** Absent and null both mean "nothing said". */
export function nullable<T>(
  model: Model,
  name: string,
  check: Check<T>,
  found: Faults,
): T | null | undefined {
  return (model.fields?.[name] ?? null) === null ? null : read(model, name, check, found);
}

function read<T>(model: Model, name: string, check: Check<T>, found: Faults): T | undefined {
  const input = model.fields?.[name];
  const checked = check(input);
  if ('value' in checked) return checked.value;
  const { type, msg, ctx } = checked.fault;
  const echo = typeof input === 'string' ? input.slice(0, LONGEST_ECHO) : input;
  found.add({ type, loc: [...model.loc, name], msg, input: echo, ...(ctx && { ctx }) });
  return undefined;
}

function missing(loc: Location, input: unknown): FieldError {
  return { type: 'missing', loc, msg: 'Field required', input };
}
