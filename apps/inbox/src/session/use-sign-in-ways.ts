import { useEffect, useState } from 'react';
import { failureCode } from '../api/failure.ts';
import type { SignInWay } from '../api/types.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { useSession } from './session-context.tsx';
import { signInError } from './sign-in-error.ts';
import { cleaned, faultText, readWayBack } from './way-back.ts';

const PASSWORD_ONLY: readonly SignInWay[] = [{ kind: 'password' }];
const PATIENCE_MS = 1_500;

/** Null for a moment, so that nothing moves when the server has answered; the password always is a way. */
export function useSignInWays(): readonly SignInWay[] | null {
  const { api } = useSession();
  const [ways, setWays] = useState<readonly SignInWay[] | null>(null);
  useEffect(() => {
    const goOn = () => setWays((known) => known ?? PASSWORD_ONLY);
    const timer = setTimeout(goOn, PATIENCE_MS);
    // A server that does not answer says so when somebody signs in.
    api.signInWays().then(setWays, goOn);
    return () => clearTimeout(timer);
  }, [api]);
  return ways;
}

/** Takes up the login that another server led to, or says what went wrong there. */
export function useWayBack(): { readonly isReturning: boolean; readonly fault: string | null } {
  const texts = useTexts();
  const { api, store } = useSession();
  const [back] = useState(() => readWayBack(location));
  const [isReturning, setReturning] = useState(back.isSignedIn);
  const [fault, setFault] = useState(
    back.fault === null ? null : faultText(back.fault, texts.signIn.faults, texts.signIn.failed),
  );
  useEffect(() => {
    if (!back.isSignedIn && back.fault === null) return;
    history.replaceState(history.state, '', cleaned(location));
    if (!back.isSignedIn) return;
    api
      .currentSession()
      .then((session) => store.begin(session))
      .catch((failure: unknown) => {
        setFault(signInError(failureCode(failure), texts));
        setReturning(false);
      });
  }, [back, api, store, texts]);
  return { isReturning, fault };
}
