import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLoginTokens, LOGIN_LIFETIME_MS } from './login-tokens.ts';

const SECRET = Buffer.alloc(32, 1);
const NOW = Date.UTC(2026, 0, 1);
const tokens = createLoginTokens(SECRET);

/** A token signed with the right secret, whatever it says. */
function forge(claims: unknown, header: object = { alg: 'HS256', typ: 'JWT' }): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}
const exp = NOW / 1_000 + 60;

describe('login tokens', () => {
  it('say who it is for 30 days', () => {
    const { token, tokenId } = tokens.issue('ada', NOW);
    const claims = { username: 'ada', tokenId, expiresAt: new Date(NOW + 30 * 86_400_000) };
    expect(tokens.read(token, NOW)).toEqual(claims);
    expect(tokens.read(token, NOW + LOGIN_LIFETIME_MS - 1)).toEqual(claims);
    expect(tokens.read(token, NOW + LOGIN_LIFETIME_MS)).toBe('Token has expired');
  });

  it('carry sub, exp, iat and jti, signed with HS256', () => {
    const { token, tokenId } = tokens.issue('ada', NOW);
    const [header = '', payload = ''] = token.split('.');
    const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;
    expect(parse(header)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(parse(payload)).toEqual({
      sub: 'ada',
      exp: NOW / 1_000 + 2_592_000,
      iat: NOW / 1_000,
      jti: tokenId,
    });
  });

  it.each([
    ['nothing', ''],
    ['no token', 'swagger-ui'],
    ['two parts', 'a.b'],
    ['another secret', createLoginTokens(Buffer.alloc(32, 2)).issue('ada', NOW).token],
    ['a fourth part', `${tokens.issue('ada', NOW).token}.x`],
    ['a space behind', `${tokens.issue('ada', NOW).token} `],
    ['another spelling of the signature', `${tokens.issue('ada', NOW).token}=`],
    ['no signature and alg none', forge({ sub: 'ada', exp }, { alg: 'none' }).replace(/[^.]+$/, '')],
    ['alg none, signed', forge({ sub: 'ada', exp, jti: 'x' }, { alg: 'none' })],
    ['another algorithm, signed', forge({ sub: 'ada', exp, jti: 'x' }, { alg: 'HS512' })],
    ['no end', forge({ sub: 'ada', jti: 'x' })],
    ['no id', forge({ sub: 'ada', exp })],
    ['a list as claims', forge(['ada'])],
    ['null as claims', forge(null)],
  ])('with %s are not valid', (_name, token) => {
    expect(tokens.read(token, NOW)).toBe('Could not validate credentials');
  });

  it('without a subject are told so', () => {
    expect(tokens.read(forge({ exp, jti: 'x' }), NOW)).toBe('Missing subject claim in JWT');
  });

  it('whose claims were changed are not valid', () => {
    const [header, , signature] = tokens.issue('ada', NOW).token.split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'admin', exp, jti: 'x' })).toString('base64url');
    expect(tokens.read(`${header}.${payload}.${signature}`, NOW)).toBe('Could not validate credentials');
  });
});
