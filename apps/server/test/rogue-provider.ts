/** An OpenID provider over real HTTP that says what a test wants it to say. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLIENT } from './open-id-provider.ts';

export interface RogueProvider {
  readonly issuer: string;
  /** Fields of the discovery document that are not its own. */
  readonly document: Record<string, unknown>;
  /** Claims of the next id_token that are not the usual ones. */
  readonly claims: Record<string, unknown>;
  /** How it is signed: by the key that it publishes, by another one, or not at all. */
  signature: 'own' | 'foreign' | 'none';
  /** It takes questions and gives no answers. */
  isSilent: boolean;
  /** What userinfo says. */
  userInfo: Record<string, unknown>;
  stop(): Promise<void>;
}

const SUBJECT = 'the subject';

/** Every code is good. */
export async function startRogueProvider(): Promise<RogueProvider> {
  const [own, foreign] = [makeKey(), makeKey()];
  const server = createServer((request, reply) => {
    if (rogue.isSilent) return;
    const answer = answers[request.url?.split('?')[0] ?? ''];
    reply.setHeader('content-type', 'application/json');
    if (answer) reply.end(JSON.stringify(answer()));
    else reply.writeHead(404).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const idToken = () => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: issuer, aud: CLIENT.id, sub: SUBJECT, iat: now, exp: now + 300, ...rogue.claims };
    return rogue.signature === 'none'
      ? `${encode({ alg: 'none' })}.${encode(claims)}.`
      : signed(claims, rogue.signature === 'own' ? own.privateKey : foreign.privateKey);
  };
  const answers: Record<string, () => object> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/me`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'none'],
      ...rogue.document,
    }),
    '/jwks': () => ({
      keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }],
    }),
    '/token': () => ({ access_token: 'a', token_type: 'bearer', expires_in: 300, id_token: idToken() }),
    '/me': () => ({ sub: SUBJECT, ...rogue.userInfo }),
  };
  const rogue: RogueProvider = {
    issuer,
    document: {},
    claims: {},
    signature: 'own',
    isSilent: false,
    userInfo: { preferred_username: 'ada' },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return rogue;
}

const makeKey = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(claims: object, key: KeyObject): string {
  const text = `${encode({ alg: 'RS256', kid: 'k' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}
