/** Leaves out what is undefined, as exact optional properties want it. */
export function optional<Value extends object>(
  given: { [Key in keyof Value]: Value[Key] | undefined },
): Partial<Value> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<Value>;
}
