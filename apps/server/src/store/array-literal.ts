/**
 * Array literals of values that need no quoting (numbers, UUIDs). The driver's own way of making arrays looks at every
 * element several times, which under load is a tenth of a POST and a quarter of a delivery.
 */
export function arrayLiteral(values: readonly (number | string | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join(',')}}`;
}

/** `unnest` fills the shorter array up with nulls: a column of nothing but `value` is an empty array, read as that. */
export function emptyIfAll<Value>(value: Value, values: readonly Value[]): readonly Value[] {
  return values.every((one) => one === value) ? [] : values;
}
