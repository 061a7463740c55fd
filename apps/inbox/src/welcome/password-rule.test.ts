import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { passwordFault } from './password-rule.ts';

test.each([
  ['', '', en.welcome.tooShort],
  ['seven77', 'seven77', en.welcome.tooShort],
  ['eight888', 'eight889', en.welcome.differ],
  ['eight888', '', en.welcome.differ],
  ['eight888', 'eight888', null],
])('%j and %j', (password, again, fault) => {
  expect(passwordFault(password, again, en.welcome)).toBe(fault);
});
