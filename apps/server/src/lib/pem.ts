/** Whether a text is what a provider's key must be. */
import { createPrivateKey, X509Certificate } from 'node:crypto';

function parses(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    // Node says in many ways that it cannot read a text; all of them mean no.
    return false;
  }
}

/** A .p8 of Apple's: a P-256 private key. */
export const isP256Key = (pem: string): boolean =>
  isPrivateKey(pem) && createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1';

export const isPrivateKey = (pem: string): boolean => parses(() => createPrivateKey(pem));

export const isCertificate = (pem: string): boolean => parses(() => new X509Certificate(pem));
