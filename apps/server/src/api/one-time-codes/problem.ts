import type { ErrorCode } from '@tocsin/contract';
import type { CodeRefusal } from '../../administration/code-use.ts';
import type { NoLink } from '../../administration/one-time-codes.ts';
import { ApiProblem, tooManyAttempts } from '../edge/problem.ts';

const REFUSED = {
  unknown: 'unknown-code',
  used: 'used-code',
  expired: 'expired-code',
  inactive: 'inactive-user',
  elsewhere: 'password-elsewhere',
} as const satisfies Record<string, ErrorCode>;

export function codeProblem(refusal: CodeRefusal): ApiProblem {
  if (refusal.kind === 'delayed') return tooManyAttempts(refusal.retryAfterSeconds);
  return new ApiProblem(REFUSED[refusal.kind]);
}

export function noLinkProblem(why: NoLink, userId: number): ApiProblem {
  if (why === 'unknown') return new ApiProblem('not-found', `There is no user ${userId}`);
  if (why === 'has-password') return new ApiProblem(why);
  return new ApiProblem(REFUSED[why]);
}
