import { expect, test } from 'vitest';
import { safeLink } from './safe-link.ts';

test('web addresses may be followed', () => {
  expect(safeLink('https://example.org/a?b#c')).toBe('https://example.org/a?b#c');
  expect(safeLink('http://nas.local/')).toBe('http://nas.local/');
});

test.each(['javascript:alert(1)', ' JaVaScRiPt:alert(1)', 'data:text/html,x', '/relative', '', undefined])(
  '%s may not',
  (address) => {
    expect(safeLink(address)).toBeNull();
  },
);
