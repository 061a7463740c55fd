import { expect, test } from 'vitest';
import type { FailureCode } from '../api/failure.ts';
import { en } from '../texts/en.ts';
import { signInError } from './sign-in-error.ts';

test.each<[FailureCode, string]>([
  ['wrong-credentials', en.signIn.wrongCredentials],
  ['inactive-user', en.signIn.deactivated],
  ['unreachable', en.signIn.unreachable],
  ['busy', en.signIn.unreachable],
  ['internal', en.signIn.failed],
])('%s has its own sentence', (code, sentence) => {
  expect(signInError(code, en)).toBe(sentence);
});
