import { expect, test } from 'vitest';
import type { FailureCode } from '../api/failure.ts';
import { en } from '../texts/en.ts';
import { codeProblem } from './code-problem.ts';

test.each<[FailureCode, string, boolean]>([
  ['unknown-code', en.welcome.problem['unknown-code'].title, false],
  ['used-code', en.welcome.problem['used-code'].title, false],
  ['expired-code', en.welcome.problem['expired-code'].title, false],
  ['password-elsewhere', en.welcome.problem['password-elsewhere'].title, false],
  ['inactive-user', en.welcome.problem.inactive, false],
  ['too-many-attempts', en.welcome.problem.tooMany.title, true],
  ['unreachable', en.welcome.problem.notLoaded, true],
  ['internal', en.welcome.problem.notLoaded, true],
])('%s has words, and says whether to try again', (why, title, mayPass) => {
  expect(codeProblem(why, en)).toMatchObject({ title, mayPass });
});
