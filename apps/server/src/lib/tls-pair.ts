/** A certificate and its key, as a TLS server shows them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { isCertificate, isPrivateKey } from './pem.ts';

/** PEM texts; behind the certificate may stand those between it and the authority. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface PairFault {
  readonly of: keyof TlsPair;
  /** Completes a sentence that begins with the name of the file. */
  readonly says: string;
}

/** For `createServer` and `setSecureContext` of node:tls, which forgets what it is not told again. */
export function tlsOptions({ cert, key }: TlsPair): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** Why no client would be served with this pair at `now` (ms since the epoch), or null. */
export function pairFault(pair: TlsPair, now: number): PairFault | null {
  if (!isCertificate(pair.cert)) return { of: 'cert', says: 'is not a certificate (PEM)' };
  if (!isPrivateKey(pair.key)) return { of: 'key', says: 'is not a private key without a passphrase (PEM)' };
  const leaf = new X509Certificate(pair.cert);
  if (!leaf.checkPrivateKey(createPrivateKey(pair.key)))
    return { of: 'key', says: 'does not belong to the first certificate of the other file' };
  if (Date.parse(leaf.validTo) <= now) return { of: 'cert', says: `expired on ${leaf.validTo}` };
  if (Date.parse(leaf.validFrom) > now) return { of: 'cert', says: `is not valid before ${leaf.validFrom}` };
  return contextFault(pair);
}

/** What is left to OpenSSL: the rest of the chain, keys too short. */
function contextFault(pair: TlsPair): PairFault | null {
  try {
    createSecureContext(tlsOptions(pair));
    return null;
  } catch (error) {
    return { of: 'cert', says: `cannot be used: ${(error as Error).message}` };
  }
}

/** It vouches for itself: clients have to be told of it. */
export function isSelfSigned(cert: string): boolean {
  const leaf = new X509Certificate(cert);
  return leaf.checkIssued(leaf);
}

/** A name the certificate is good for: `localhost` where it can be. */
export function hostNameOf(cert: string): string {
  const leaf = new X509Certificate(cert);
  const names = [...(leaf.subjectAltName ?? '').matchAll(/DNS:([^,\s*]+)/g)].map(([, name = '']) => name);
  return leaf.checkHost('localhost') ? 'localhost' : (names[0] ?? 'localhost');
}
