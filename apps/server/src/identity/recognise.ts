/** Recognising a login or a key in a request. What is refused though it was meant to prove something is audited. */
import { nobodyAt, type Place } from '../audit/entry.ts';
import { findLogin } from '../store/login-token.ts';
import { findUserByName } from '../store/user.ts';
import type { Authentication } from './answers.ts';
import type { Login } from './caller.ts';
import type { IdentityDeps } from './deps.ts';
import { beginningOf } from './keys.ts';

const MOST_REMEMBERED = 50_000;

interface Remembered {
  readonly login: Login;
  /** ms since the epoch */
  readonly expiresAt: number;
}

type Refused = Extract<Authentication, { kind: 'refused' }>;
/** `suspicion`: what to write into the audit log, or null for what happens to honest people. */
type Recognised =
  | Remembered
  | { readonly kind: 'inactive' }
  | (Refused & { readonly suspicion: string | null });

export function createRecogniser(deps: IdentityDeps) {
  const { memory, clock } = deps;
  const shelf = memory.shelf<Remembered>(MOST_REMEMBERED);

  const recogniseLogin = async (token: string): Promise<Recognised> => {
    const known = shelf.get(token);
    if (known && known.expiresAt > clock()) return known;
    const since = shelf.age();
    const found = await lookUp(deps, token);
    if ('login' in found) shelf.keep(token, found, since);
    return found;
  };

  const recogniseKey = async (key: string, place: Place): Promise<Authentication> => {
    const use = await deps.keys.recognise(key);
    if (use) {
      deps.lastUse.note(use, place.address);
      return use;
    }
    refuse(deps, place, 'key.use', `no valid key begins with ${beginningOf(key)}`);
    return { kind: 'refused', detail: 'The key is unknown, expired or revoked' };
  };

  return async (authorization: string | undefined, place: Place): Promise<Authentication> => {
    const [scheme = '', token = ''] = (authorization ?? '').split(/ (.*)/s);
    if (scheme.toLowerCase() !== 'bearer') return { kind: 'refused', detail: 'Not authenticated' };
    if (!memory.isFresh()) await memory.confirm();
    if (/^t[sp]k_/.test(token)) return recogniseKey(token, place);
    const found = await recogniseLogin(token);
    if ('login' in found) {
      deps.lastUse.note(found.login, place.address);
      return found.login;
    }
    if (found.kind === 'inactive') return found;
    if (found.suspicion) refuse(deps, place, 'session.use', found.suspicion);
    return { kind: 'refused', detail: found.detail };
  };
}

function refuse(deps: IdentityDeps, place: Place, action: string, detail: string): void {
  deps.audit.refused(nobodyAt(place), { action, subject: 'session', detail });
}

async function lookUp(deps: IdentityDeps, token: string): Promise<Recognised> {
  const claims = deps.tokens.read(token, deps.clock());
  if (typeof claims === 'string') {
    const isForged = claims === 'Could not validate credentials';
    return { kind: 'refused', detail: claims, suspicion: isForged ? 'not a token of this server' : null };
  }
  const record = await findLogin(deps.database, claims.tokenId);
  if (!record) return unknown(deps, claims.username);
  if (!record.isActive) return { kind: 'inactive' };
  if (record.revoked)
    return {
      kind: 'refused',
      detail: 'Could not validate credentials',
      suspicion: `a login of ${record.username} that was ended`,
    };
  const { id, username, isActive, isAdmin, isAuditor } = record;
  const login: Login = {
    kind: 'login',
    user: { id, username, isActive, isAdmin, isAuditor },
    tokenId: claims.tokenId,
  };
  return { login, expiresAt: claims.expiresAt.getTime() };
}

async function unknown({ database }: IdentityDeps, username: string): Promise<Recognised> {
  const isKnown = (await findUserByName(database, username)) !== null;
  const detail = isKnown ? 'Could not validate credentials' : `Unknown user ${username}`;
  return { kind: 'refused', detail, suspicion: 'a login that is not kept any more' };
}
