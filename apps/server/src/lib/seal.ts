/** Hands something to others for safe keeping: they can neither read nor change it. */
import { hkdfSync } from 'node:crypto';
import { createSealer, KEY_BYTES, keyOf, SealBroken, UnknownKey } from './sealer.ts';

export interface Seal {
  /** Visible ASCII that may stand in a cookie. */
  seal(text: string): string;
  /** Null for anything that was not sealed with this key for this purpose. */
  open(sealed: string): string | null;
}

/** One secret serves several purposes: what was sealed for one opens for no other. */
export function createSeal(secret: Buffer, purpose: string): Seal {
  const key = keyOf(Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)));
  const sealer = createSealer(() => [key]);
  return {
    seal: (text) => sealer.seal(purpose, text),
    open(sealed) {
      try {
        return sealer.open(purpose, sealed);
      } catch (error) {
        if (error instanceof SealBroken || error instanceof UnknownKey) return null;
        throw error;
      }
    },
  };
}
