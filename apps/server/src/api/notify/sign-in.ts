/** `POST /login`: the OAuth2 password form (notify-api.md §1.2). */
import type { FastifyInstance } from 'fastify';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { faults, missing } from './validate.ts';

export function signInRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.post('/login', async (request, reply) => {
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '');
    const form = new URLSearchParams(isForm ? (request.body as string) : '');
    const found = faults();
    const field = (name: string) => {
      const value = form.get(name);
      if (!value) found.add(missing(['body', name], null));
      return value ?? '';
    };
    const username = field('username');
    const password = field('password');
    found.check();
    const result = await deps.identity.signIn(username, password);
    if (result.kind === 'refused') throw new NotifyFailure(401, 'Incorrect username or password');
    return reply
      .status(result.isFirst ? deps.firstLoginStatus : 200)
      .send({ access_token: result.token, token_type: 'bearer' });
  });
}
