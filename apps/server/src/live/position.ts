/**
 * Where a reader of the live stream is: the id of its events (WHATWG HTML §9.2), opaque to it. Usually the highest
 * notification it was given. While a large audience is still being written, a lower one may yet arrive; then the id
 * also says up to where everything was given, and what beyond that.
 */
export interface Position {
  readonly highest: number;
  /** Everything up to here was given. */
  readonly floor: number;
  /** What was given above the floor. */
  readonly seen: readonly number[];
}

/** So many are named; more would not fit into a header. What is left out is given again. */
const MOST_NAMED = 400;

/** The ids above the floor are written as differences to it. */
export const POSITION_SHAPE = /^\d{1,15}(?:;\d{1,15};(?:\d{1,15}(?:,\d{1,15})*)?)?$/;

export function formatPosition({ highest, floor, seen }: Position): string {
  const differences = seen.slice(0, MOST_NAMED).map((id) => id - floor);
  return `${highest};${floor};${differences.join(',')}`;
}

/** `text` has the shape above. */
export function parsePosition(text: string): Position {
  const [highest = '0', floor = highest, seen = ''] = text.split(';');
  const base = Number(floor);
  return {
    highest: Number(highest),
    floor: base,
    seen: seen === '' ? [] : seen.split(',').map((difference) => base + Number(difference)),
  };
}
