import { useEffect, useState } from 'react';
import { ROUTES } from '../routes.ts';

/** The code of the one-time link that was opened, or null. It stands behind the `#`: no server is told it with the address. */
export function useWelcomeCode(): { readonly code: string | null; readonly leave: () => void } {
  const [code, setCode] = useState(readCode);
  useEffect(() => {
    const onChange = () => setCode(readCode());
    window.addEventListener('hashchange', onChange);
    return () => window.removeEventListener('hashchange', onChange);
  }, []);
  const leave = () => {
    // Replaced, so that the code is not in the history either.
    history.replaceState(null, '', '/');
    setCode(null);
  };
  return { code, leave };
}

function readCode(): string | null {
  return location.pathname === ROUTES.welcome ? location.hash.slice(1) : null;
}
