import { ReturnPath, type SignInFault, SignInMethods } from '@tocsin/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { PATIENCE_MS } from '../../identity/open-id/browser.ts';
import { QueueFull } from '../../lib/batcher.ts';
import type { ApiDeps } from '../deps.ts';
import { needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { loginCookie, readCookie, setCookie } from '../edge/session-cookie.ts';

export const OIDC_CALLBACK = '/api/v3/sign-in/oidc/callback';

type SignInDeps = Pick<ApiDeps, 'identity' | 'client' | 'openId'>;

const tags = ['sessions'];
const COOKIE = 'tocsin-sign-in';
const redirect = { 302: z.null() };

/** The ways in for browsers. Whatever goes wrong ends on the page where one signs in, with a word about it. */
export function signInRoutes(deps: SignInDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const ways = { tags, summary: 'List the ways to sign in', response: { 200: SignInMethods } };
    api.get('/sign-in/methods', { ...needs('nobody'), schema: ways }, async () => ({
      items: [
        ...(deps.openId ? [{ kind: 'oidc' as const, label: deps.openId.label }] : []),
        { kind: 'password' as const },
      ],
    }));

    const begin = {
      tags,
      summary: 'Sign in at the OpenID provider',
      description: 'Sends a browser to the provider, and in the end to `returnTo` with a login in a cookie.',
      querystring: z.object({ returnTo: ReturnPath.default('/') }),
      response: redirect,
    };
    api.get('/sign-in/oidc', { ...needs('nobody'), schema: begin }, (request, reply) =>
      start(deps, request, reply, request.query.returnTo),
    );

    const end = {
      tags,
      summary: 'Come back from the OpenID provider',
      description:
        'What happened, if not a login, is in `signInError` of the address that the browser is sent to.',
      response: redirect,
    };
    api.get('/sign-in/oidc/callback', { ...needs('nobody'), schema: end }, (request, reply) =>
      finish(deps, request, reply),
    );
  };
}

async function start(deps: SignInDeps, request: FastifyRequest, reply: FastifyReply, returnTo: string) {
  const { browser } = openIdOf(deps);
  const answer = await unlessBusy(() => browser.start(returnTo));
  if (answer.kind === 'failed') return sendBack(request, reply, answer.fault, answer.reason);
  const life = `Max-Age=${PATIENCE_MS / 1_000}`;
  void reply.header('set-cookie', setCookie(COOKIE, answer.sealed, life, deps.client.isSecure(request)));
  return away(reply, answer.url);
}

async function finish(deps: SignInDeps, request: FastifyRequest, reply: FastifyReply) {
  const { browser } = openIdOf(deps);
  const isSecure = deps.client.isSecure(request);
  const [, query = ''] = request.url.split(/\?(.*)/s);
  const sealed = readCookie(COOKIE, request.headers.cookie, isSecure);
  const used = setCookie(COOKIE, '', 'Max-Age=0', isSecure);
  void reply.header('set-cookie', used);
  const answer = await unlessBusy(() => browser.finish(query, sealed));
  if (answer.kind === 'failed') return sendBack(request, reply, answer.fault, answer.reason);
  const result = await deps.identity.signInVouched(answer.username, answer.said, deps.client.from(request));
  if (result.kind === 'inactive') return sendBack(request, reply, 'inactive', 'the account is deactivated');
  if (result.kind !== 'ok') return sendBack(request, reply, 'kept-here', 'the password is kept here');
  void reply.header('set-cookie', loginCookie(result.token, result.expiresAt, isSecure));
  return away(reply, answer.returnTo);
}

function openIdOf({ openId }: SignInDeps) {
  if (!openId) throw new ApiProblem('not-found', 'This server has no OpenID provider for browsers');
  return openId;
}

async function unlessBusy<T>(work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QueueFull)
      return { kind: 'failed', fault: 'busy', reason: 'too many sign in at once' } as const;
    throw error;
  }
}

function sendBack(request: FastifyRequest, reply: FastifyReply, fault: SignInFault, reason: string) {
  request.log.warn({ method: 'oidc', fault, reason }, 'sign-in failed');
  return away(reply, `/?signInError=${fault}`);
}

/** Codes and states are in these addresses: no cache keeps the answer, and no page is told where the browser was. */
const away = (reply: FastifyReply, address: string) =>
  reply
    .headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', location: address })
    .status(302)
    .send(null);
