import {
  CodeLook,
  CodeSession,
  CodeUse,
  Invitation,
  NewInvitation,
  OneTimeCode,
  OneTimeLink,
} from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { withCredentials } from '../../administration/devices.ts';
import type { ApiDeps } from '../deps.ts';
import { presentDevice, refuseFaulty } from '../devices/present.ts';
import { actorOf, loginOf, needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { userParams as params } from '../edge/schema.ts';
import { invalidInput } from '../edge/validate.ts';
import { refuseUnknownGroups } from '../groups/known.ts';
import { answerSignIn } from '../sessions/routes.ts';
import { presentAccount } from '../users/present.ts';
import { presentLink } from './link.ts';
import { codeProblem, noLinkProblem } from './problem.ts';

const tags = ['one-time codes'];

/** Making links: by administrators, and a pairing by everybody for the own account. */
export function linkRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { oneTimeCodes } = deps;
  return async (api) => {
    const invite = {
      tags,
      summary: 'Invite somebody: an account without a password, and the link to choose one',
      body: NewInvitation,
      response: { 201: Invitation },
    };
    api.post('/invitations', { ...needs('admin'), schema: invite }, async (request, reply) => {
      const { groupIds, ...account } = request.body;
      await refuseUnknownGroups(deps, groupIds);
      const invited = await deps.invitations.invite(actorOf(deps, request), account, groupIds);
      if (typeof invited === 'string') throw new ApiProblem(invited);
      const link = presentLink(deps, request, invited.given);
      return reply.status(201).send({ ...link, user: presentAccount(invited.user) });
    });

    for (const { path, make, summary } of [
      { path: 'invitation', make: oneTimeCodes.inviteAgain, summary: 'Invite again: ends the earlier link' },
      {
        path: 'reset-link',
        make: oneTimeCodes.resetLink,
        summary: 'A link to choose a new password: ends earlier ones',
      },
    ]) {
      const schema = { tags, summary, params, response: { 201: OneTimeLink } };
      api.post(`/users/:id/${path}`, { ...needs('admin'), schema }, async (request, reply) => {
        const { id } = request.params;
        const given = await make(actorOf(deps, request), id);
        if (typeof given === 'string') throw noLinkProblem(given, id);
        return reply.status(201).send(presentLink(deps, request, given));
      });
    }

    const pair = {
      tags,
      summary: 'Pair a phone: a link that signs in once, within five minutes',
      response: { 201: OneTimeLink },
    };
    api.post('/me/pairings', { ...needs('login'), schema: pair }, async (request, reply) => {
      const { user } = loginOf(request);
      const given = await oneTimeCodes.pairing(actorOf(deps, request), user.id);
      return reply.status(201).send(presentLink(deps, request, given));
    });
  };
}

/** Using them: the code is all that somebody shows. */
export function oneTimeCodeRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { oneTimeCodes, client } = deps;
  return async (api) => {
    const look = { tags, summary: 'What a code is for', body: CodeLook, response: { 200: OneTimeCode } };
    api.post('/one-time-codes/look', { ...needs('nobody'), schema: look }, async (request) => {
      const found = await oneTimeCodes.look(request.body.code, client.from(request));
      if (found.kind !== 'ok') throw codeProblem(found);
      const { purpose, username, expiresAt } = found;
      return { purpose, username, expiresAt: expiresAt.toISOString() };
    });

    const use = {
      tags,
      summary: 'Use a code: signs in, once',
      description: 'An invitation and a reset set the password; a reset ends all other logins.',
      body: CodeUse,
      response: { 201: CodeSession },
    };
    api.post('/one-time-codes/use', { ...needs('nobody'), schema: use }, async (request, reply) => {
      const { code, password, cookie, device, register } = request.body;
      const made = register && withCredentials(register);
      if (made) refuseFaulty(deps, made.wish, 'body.register');
      const from = client.from(request, device);
      const used = await oneTimeCodes.use(code, { password, register: made?.wish }, from);
      if (used.kind === 'wrong-wish') throw invalidInput([{ field: 'body.password', rule: used.fault }]);
      if (used.kind !== 'ok') throw codeProblem(used);
      const registered = used.registered && presentDevice(used.registered.device, made?.password);
      const result = await deps.identity.signInAs(used.userId, from);
      return answerSignIn(deps, request, reply, result, cookie, registered ? { device: registered } : {});
    });
  };
}
