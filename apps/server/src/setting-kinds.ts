/** The kinds of values that settings have. */
import { z } from 'zod';

export const port = z.coerce.number().int().min(0).max(65_535);
export const wholeNumber = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const days = z.coerce.number().int().min(1).max(36_500);
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
);
export const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL starting with ${protocols.join(' or ')}`,
  });
export const path = z.string().min(1);
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
