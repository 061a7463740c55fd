import { describe, expect, it } from 'vitest';
import { createSeal } from './seal.ts';

const SECRET = Buffer.alloc(32, 7);
const { seal, open } = createSeal(SECRET, 'tests');

describe('a seal', () => {
  it.each(['', 'grüße', '{"a":1}'])('gives back %j, and shows nothing of it', (text) => {
    const sealed = seal(text);
    expect(open(sealed)).toBe(text);
    expect(sealed).toMatch(/^[A-Za-z0-9_:-]+$/);
    expect(seal(text)).not.toBe(sealed);
  });

  it('opens nothing of another key, of another purpose, or that was changed', () => {
    const sealed = seal('text');
    expect(createSeal(Buffer.alloc(32, 8), 'tests').open(sealed)).toBeNull();
    expect(createSeal(SECRET, 'others').open(sealed)).toBeNull();
    const bytes = Buffer.from(sealed, 'base64url');
    for (const index of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(open(changed.toString('base64url'))).toBeNull();
    }
  });

  it.each(['', 'x', 'no base64!', 'A'.repeat(37)])('opens nothing that is no seal (%j)', (text) => {
    expect(open(text)).toBeNull();
  });
});
