import { expect, test } from 'vitest';
import { CATALOGUES, chooseLanguage } from './texts.ts';

/** Every key with the kind of its value, so that a sentence cannot stand where one with a number is asked for. */
function keysOf(texts: object, path = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'object' ? keysOf(value, `${path}${key}.`) : `${path}${key}: ${typeof value}`,
  );
}

test.each(Object.entries(CATALOGUES))('%s has exactly the keys of English', (_language, texts) => {
  expect(keysOf(texts).sort()).toEqual(keysOf(CATALOGUES.en).sort());
});

test.each(Object.entries(CATALOGUES))('%s has no empty sentence', (_language, texts) => {
  expect(JSON.stringify(texts)).not.toContain('""');
});

test('the first language that is spoken is chosen', () => {
  expect(chooseLanguage(['fi', 'sv-FI', 'en'])).toBe('sv');
  expect(chooseLanguage(['EN-gb', 'sv'])).toBe('en');
});

test('a reader of another language gets English', () => {
  expect(chooseLanguage(['fi', 'toString'])).toBe('en');
  expect(chooseLanguage([])).toBe('en');
});
