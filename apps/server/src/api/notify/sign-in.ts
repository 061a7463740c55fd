/** `POST /login`: the OAuth2 password form (RFC 6749 §4.3.2, notify-api.md §1.2). */
import type { FastifyInstance } from 'fastify';
import { readForm } from './body.ts';
import { type Check, text } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { Faults, type Model, optional, required } from './validate.ts';

const LONGEST_FIELD = 1_024;
const GRANT = '^password$';

const grantType: Check<string> = (given) =>
  given === 'password'
    ? { value: given }
    : {
        fault: {
          type: 'string_pattern_mismatch',
          msg: `String should match pattern '${GRANT}'`,
          ctx: { pattern: GRANT },
        },
      };

export function signInRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.post('/login', async (request, reply) => {
    const { username, password } = readCredentials(readForm(request));
    const result = await deps.identity.signIn(username, password, deps.client.from(request));
    if (result.kind === 'refused') throw new NotifyFailure(401, 'Incorrect username or password');
    if (result.kind === 'inactive') throw new NotifyFailure(403, 'Inactive user');
    if (result.kind === 'delayed') {
      const headers = { 'retry-after': String(result.retryAfterSeconds) };
      throw new NotifyFailure(429, 'Too many failed attempts', headers);
    }
    return reply
      .status(result.isFirst ? deps.firstLoginStatus : 200)
      .send({ access_token: result.token, token_type: 'bearer' });
  });
}

function readCredentials(form: Readonly<Record<string, string>>) {
  const found = new Faults();
  const model: Model = { loc: ['body'], fields: form, given: null };
  optional(model, 'grant_type', grantType, found, 'password');
  return found.settle({
    username: required(model, 'username', text(LONGEST_FIELD), found),
    password: required(model, 'password', text(LONGEST_FIELD), found),
  });
}
