import { useCallback, useEffect, useState } from 'react';
import { type FailureCode, failureCode } from '../api/failure.ts';
import type { OneTimeCode } from '../api/types.ts';
import { useSession } from '../session/session-context.tsx';

export type CodeState =
  | { readonly kind: 'looking' }
  | { readonly kind: 'good'; readonly code: OneTimeCode }
  | { readonly kind: 'bad'; readonly why: FailureCode };

/** What the code is for. An empty one is not asked about. */
export function useCode(code: string): { readonly state: CodeState; readonly lookAgain: () => void } {
  const { api } = useSession();
  const [state, setState] = useState<CodeState>({ kind: 'looking' });
  const look = useCallback(
    (isWanted: () => boolean) => {
      const become = (next: CodeState) => isWanted() && setState(next);
      if (code === '') return become({ kind: 'bad', why: 'unknown-code' });
      api.lookAtCode(code).then(
        (found) => become({ kind: 'good', code: found }),
        (error: unknown) => become({ kind: 'bad', why: failureCode(error) }),
      );
    },
    [api, code],
  );
  useEffect(() => {
    let isWanted = true;
    look(() => isWanted);
    return () => {
      isWanted = false;
    };
  }, [look]);
  const lookAgain = () => {
    setState({ kind: 'looking' });
    look(() => true);
  };
  return { state, lookAgain };
}
