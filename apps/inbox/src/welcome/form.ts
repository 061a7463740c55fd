import { useState } from 'react';
import { failureCode } from '../api/failure.ts';
import type { CodeSession, OneTimeCode } from '../api/types.ts';
import { rememberDevice } from '../notifications/push-store.ts';
import { useSession } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import { codeProblem } from './code-problem.ts';

export interface FormProps {
  readonly code: string;
  readonly username: string;
  readonly purpose: OneTimeCode['purpose'];
  readonly onDone: () => void;
}

/** Using the code: signs in, or says in words why not. */
export function useWelcome(onDone: () => void) {
  const texts = useTexts();
  const { store } = useSession();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (use: () => Promise<CodeSession>) => {
    setBusy(true);
    setProblem(null);
    try {
      const { device, ...session } = await use();
      if (device) rememberDevice(device.id);
      store.begin(session);
      onDone();
    } catch (error) {
      const { title, hint } = codeProblem(failureCode(error), texts);
      setProblem(`${title}. ${hint}`);
      setBusy(false);
    }
  };
  return { problem, setProblem, isBusy, submit };
}
