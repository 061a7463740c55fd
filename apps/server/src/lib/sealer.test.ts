import { describe, expect, it } from 'vitest';
import { createSealer, type Key, keyIdOf, keyOf, SealBroken, UnknownKey } from './sealer.ts';

const [old, fresh] = [keyOf(Buffer.alloc(32, 1)), keyOf(Buffer.alloc(32, 2))];
const sealer = createSealer(() => [fresh, old]);

describe('a sealed text', () => {
  it('opens under its name, names its key and shows nothing of what it says', () => {
    const sealed = sealer.seal('source/1', 'correct horse ☂');
    expect(sealer.open('source/1', sealed)).toBe('correct horse ☂');
    expect(keyIdOf(sealed)).toBe(fresh.id);
    expect(sealed).toMatch(/^sealed:1:[0-9a-f]{12}:[\w-]+$/);
    expect(sealed).not.toContain(Buffer.from('correct horse').toString('base64url').slice(0, 8));
  });

  it('is another one each time', () => {
    expect(sealer.seal('a', 'x')).not.toBe(sealer.seal('a', 'x'));
  });

  it.each([
    ['under another name', (text: string) => ['b', text]],
    ['with one byte changed', (text: string) => ['a', `${text.slice(0, -3)}AAA`]],
    ['cut short', (text: string) => ['a', text.slice(0, 40)]],
    ['that was never sealed', () => ['a', 'plain']],
  ] as const)('does not open %s', (_how, change) => {
    const [name, text] = change(sealer.seal('a', 'a secret of some length'));
    expect(() => sealer.open(name ?? '', text ?? '')).toThrow(SealBroken);
  });

  it('of an older key opens while that key is there', () => {
    const sealed = createSealer(() => [old]).seal('a', 'x');
    expect(sealer.open('a', sealed)).toBe('x');
    expect(() => createSealer(() => [fresh]).open('a', sealed)).toThrow(UnknownKey);
  });
});

describe('keys that are changed while the server runs', () => {
  it('open and seal as soon as they are in the file', () => {
    let keys: Key[] = [old];
    const running = createSealer(() => keys);
    keys = [fresh, old];
    expect(running.open('a', sealer.seal('a', 'x'))).toBe('x');
    keys = [fresh];
    expect(keyIdOf(running.seal('a', 'x'))).toBe(fresh.id);
  });
});
