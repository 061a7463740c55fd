/** Another program decides: `POST {username, password}` to `AUTHENTICATION_URL`, any 2xx is a yes (notify-api.md §1.4). */
import { type Door, postJson } from '../lib/post-json.ts';
import { type CredentialCheck, SAYS_NOTHING, type Verdict } from './credential-check.ts';

export interface PasswordUrl extends Door {
  readonly url: string;
}

export function passwordUrl({ url, ...door }: PasswordUrl): CredentialCheck {
  return {
    name: 'url',
    isOutside: true,
    async check(username, password) {
      try {
        return verdictOf(await postJson(url, { username, password }, door));
      } catch (error) {
        return { kind: 'unavailable', reason: (error as Error).message || 'no connection' };
      }
    },
  };
}

/** A redirect is a wrong address, not a no; 429 and 5xx say nothing about the password. */
function verdictOf(status: number): Verdict {
  const reason = `it answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'ok', ...SAYS_NOTHING };
  if (status >= 400 && status < 500 && status !== 429) return { kind: 'refused', reason };
  return { kind: 'unavailable', reason };
}
