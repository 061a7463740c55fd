/** Another program decides: `POST {username, password}` to `AUTHENTICATION_URL`, any 2xx is a yes (notify-api.md §1.4). */
import type { Door, Question } from '@tocsin/push';
import { type CredentialCheck, SAYS_NOTHING, type Verdict } from './credential-check.ts';

export interface PasswordUrl {
  /** May hold a user name and password of its own. */
  readonly url: string;
  readonly door: Door;
}

export function passwordUrl({ url, door }: PasswordUrl): CredentialCheck {
  const address = addressOf(url);
  return {
    name: 'url',
    isOutside: true,
    async check(username, password) {
      const body = JSON.stringify({ username, password });
      try {
        const { status } = await door.ask({ method: 'POST', ...address, body, isBodyIgnored: true });
        return verdictOf(status);
      } catch (error) {
        return { kind: 'unavailable', reason: (error as Error).message };
      }
    },
  };
}

/** The door takes no name and password in a URL; they travel as RFC 7617 says. */
function addressOf(text: string): Pick<Question, 'url' | 'headers'> {
  const url = new URL(text);
  const account = [url.username, url.password].map(decodeURIComponent).join(':');
  url.username = '';
  url.password = '';
  url.hash = '';
  const basic = { authorization: `Basic ${Buffer.from(account).toString('base64')}` };
  return { url: url.href, headers: { 'content-type': 'application/json', ...(account !== ':' && basic) } };
}

/** A redirect is a wrong address, not a no; 429 and 5xx say nothing about the password. */
function verdictOf(status: number): Verdict {
  const reason = `it answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'ok', ...SAYS_NOTHING };
  if (status >= 400 && status < 500 && status !== 429) return { kind: 'refused', reason };
  return { kind: 'unavailable', reason };
}
