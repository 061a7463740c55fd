import { en, type Texts } from './en.ts';
import { sv } from './sv.ts';

export const CATALOGUES = { en, sv } satisfies Record<string, Texts>;
export type Language = keyof typeof CATALOGUES;

/** The first language of the reader (BCP 47 tags, most wanted first) that the app speaks, else English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  const spoken = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return (spoken.find((language) => Object.hasOwn(CATALOGUES, language)) as Language | undefined) ?? 'en';
}
