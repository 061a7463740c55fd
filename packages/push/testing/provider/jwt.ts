import { type KeyObject, verify } from 'node:crypto';

export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Reads and verifies a compact JWT; null when anything is wrong with it. ES256 wants raw R‖S signatures (RFC 7518 §3.4). */
export function readJwt(token: string, key: KeyObject, algorithm: 'ES256' | 'RS256'): Jwt | null {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const signed = Buffer.from(`${header}.${claims}`);
  const given = Buffer.from(signature, 'base64url');
  const options = algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  try {
    if (!verify('sha256', signed, options, given)) return null;
    const parse = (part: string) =>
      JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    const jwt = { header: parse(header), claims: parse(claims) };
    return jwt.header.alg === algorithm ? jwt : null;
  } catch {
    // Not a JWT at all, or a signature of the wrong shape.
    return null;
  }
}
