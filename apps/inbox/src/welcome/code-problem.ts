import type { FailureCode } from '../api/failure.ts';
import type { Texts } from '../texts/en.ts';

/** What is wrong with a link, and whether asking once more could help. */
export function codeProblem(why: FailureCode, { common, welcome, signIn }: Texts) {
  const { problem } = welcome;
  switch (why) {
    case 'unknown-code':
    case 'used-code':
    case 'expired-code':
    case 'password-elsewhere':
      return { ...problem[why], mayPass: false };
    case 'inactive-user':
      return { title: problem.inactive, hint: signIn.deactivated, mayPass: false };
    case 'too-many-attempts':
      return { ...problem.tooMany, mayPass: true };
    case 'unreachable':
    case 'busy':
      return { title: problem.notLoaded, hint: common.unreachable, mayPass: true };
    default:
      return { title: problem.notLoaded, hint: common.failed, mayPass: true };
  }
}
