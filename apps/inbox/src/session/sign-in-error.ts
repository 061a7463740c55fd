import type { FailureCode } from '../api/failure.ts';
import type { Texts } from '../texts/en.ts';

/** The sentence for a sign-in that did not work: what happened, and what to do about it. */
export function signInError(code: FailureCode, { signIn }: Texts): string {
  switch (code) {
    case 'wrong-credentials':
    case 'not-authenticated':
      return signIn.wrongCredentials;
    case 'inactive-user':
      return signIn.deactivated;
    case 'unreachable':
    case 'busy':
      return signIn.unreachable;
    default:
      return signIn.failed;
  }
}
