import { createECDH, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { httpEce } from '../../testing/webpush/oracles.ts';
import { encrypt, OVERHEAD_BYTES } from './encryption.ts';

const decode = (text: string) => Buffer.from(text, 'base64url');

function newRecipient() {
  const privateKey = createECDH('prime256v1');
  const publicKey = privateKey.generateKeys();
  return { privateKey, publicKey, auth: randomBytes(16) };
}

function newFreshness() {
  const keyPair = createECDH('prime256v1');
  keyPair.generateKeys();
  return { keyPair, salt: randomBytes(16) };
}

describe('message encryption', () => {
  it('gives the bytes of RFC 8291 Appendix A', () => {
    const keyPair = createECDH('prime256v1');
    keyPair.setPrivateKey(decode('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'));
    const recipient = {
      publicKey: decode(
        'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
      ),
      auth: decode('BTBZMqHH6r4Tts7J_aSIgg'),
    };
    const freshness = { keyPair, salt: decode('DGv6ra1nlYgDCS1FRnbzlw') };
    const body = encrypt(Buffer.from('When I grow up, I want to be a watermelon'), 0, recipient, freshness);
    expect(body.toString('base64url')).toBe(
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
    );
  });

  it.each([
    [0, 0],
    [1, 0],
    [200, 56],
    [3_993, 0],
    [100, 3_893],
  ])('is read by http_ece with %i bytes of text and %i of padding', (bytes, padding) => {
    const recipient = newRecipient();
    const text = randomBytes(bytes);
    const body = encrypt(text, padding, recipient, newFreshness());
    expect(body).toHaveLength(bytes + padding + OVERHEAD_BYTES);
    const authSecret = recipient.auth.toString('base64url');
    const options = { version: 'aes128gcm', privateKey: recipient.privateKey, authSecret } as const;
    expect(httpEce.decrypt(body, options)).toEqual(text);
  });

  it('leaves room for 3,993 bytes in a body of 4,096', () => {
    expect(4_096 - OVERHEAD_BYTES).toBe(3_993);
  });

  it('throws for a key that is no point on the curve', () => {
    const publicKey = Buffer.alloc(65, 1);
    publicKey[0] = 4;
    const recipient = { publicKey, auth: randomBytes(16) };
    expect(() => encrypt(Buffer.from('x'), 0, recipient, newFreshness())).toThrow();
  });
});
