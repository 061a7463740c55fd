import type { Texts } from '../texts/en.ts';

/** As the server has it. */
const SHORTEST = 8;

/** What is wrong with a new password, or null. */
export function passwordFault(
  password: string,
  again: string,
  { tooShort, differ }: Texts['welcome'],
): string | null {
  if (password.length < SHORTEST) return tooShort;
  return password === again ? null : differ;
}
