/** `POST /open_id_connect`: a phone brings what the provider gave it (notify-api.md §1.2). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenIdAnswer } from '../../identity/open-id/phone.ts';
import { readJson } from './body.ts';
import { text } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { Faults, readModel, required } from './validate.ts';

const LONGEST_FIELD = 8_192;

export function openIdConnectRoute(api: FastifyInstance, deps: NotifyDeps): void {
  api.post('/open_id_connect', async (request, reply) => {
    if (!deps.openId) throw new NotifyFailure(404, 'Not Found');
    const answer = await deps.openId.exchange(readAuthorization(request));
    if (answer.kind !== 'ok') {
      request.log.warn({ method: 'oidc', reason: answer.reason }, 'sign-in failed');
      throw failureOf(answer);
    }
    const from = deps.client.from(request);
    const result = await deps.identity.signInVouched(answer.username, answer.said, from);
    if (result.kind === 'inactive') throw new NotifyFailure(403, 'Inactive user');
    if (result.kind !== 'ok') throw new NotifyFailure(401, 'Failed to get user info');
    // Also the first time: the original means to say 201 and never does.
    return reply.send({ access_token: result.token, token_type: 'bearer' });
  });
}

function readAuthorization(request: FastifyRequest) {
  const found = new Faults();
  const body = readModel(readJson(request), found);
  const field = text(LONGEST_FIELD);
  return found.settle({
    code: required(body, 'code', field, found),
    codeVerifier: required(body, 'code_verifier', field, found),
    clientId: required(body, 'client_id', field, found),
    redirectUri: required(body, 'redirect_uri', field, found),
  });
}

function failureOf(answer: Exclude<OpenIdAnswer, { kind: 'ok' }>): NotifyFailure {
  switch (answer.kind) {
    case 'unreachable':
      return new NotifyFailure(401, `An error occurred while requesting '${answer.url}'`);
    case 'invalid-token':
      return new NotifyFailure(401, 'id_token validation failed');
    case 'token-refused':
      return new NotifyFailure(answer.status, 'Failed to get OIDC token');
    case 'user-refused':
      return new NotifyFailure(answer.status, 'Failed to get user info');
  }
}
