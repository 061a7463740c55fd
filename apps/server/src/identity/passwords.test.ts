import { beforeAll, describe, expect, it } from 'vitest';
import { createPasswords, type Passwords } from './passwords.ts';

describe('passwords', () => {
  let passwords: Passwords;
  beforeAll(async () => {
    passwords = await createPasswords();
  });

  it('are kept as argon2id with 19 MiB, two passes and one lane', async () => {
    expect(await passwords.hash('secret')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('are recognised, and two hashes of one differ', async () => {
    const [one, two] = [await passwords.hash('grüße 🔔'), await passwords.hash('grüße 🔔')];
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, 'grüße 🔔')).toBe(true);
    expect(await passwords.verify(one, 'grüße')).toBe(false);
  });

  it('are refused without a hash, whatever they are', async () => {
    for (const password of ['', 'nobody has this password']) {
      expect(await passwords.verify(null, password)).toBe(false);
    }
  });

  it('take as long to refuse without a hash as with one', async () => {
    const stored = await passwords.hash('secret');
    const quickest = async (hash: string | null) => {
      const times: number[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        const begin = performance.now();
        await passwords.verify(hash, 'wrong');
        times.push(performance.now() - begin);
      }
      return Math.min(...times);
    };
    // An early return takes microseconds, whatever else the machine does.
    expect(await quickest(null)).toBeGreaterThan((await quickest(stored)) / 20);
  });

  it('that come many at once are all answered', async () => {
    const stored = await passwords.hash('secret');
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        passwords.verify(stored, index % 3 === 0 ? 'secret' : 'wrong'),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => index % 3 === 0));
  });

  it('that come in a flood are refused instead of queued without end', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 110 }, () => passwords.verify(null, 'flood')),
    );
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(8);
    expect(await passwords.verify(null, 'after')).toBe(false);
  });

  it('go on being answered after a hash that is none', async () => {
    const stored = await passwords.hash('secret');
    await Promise.all(
      Array.from({ length: 3 }, () => expect(passwords.verify('no hash', 'secret')).rejects.toThrow()),
    );
    expect(await passwords.verify(stored, 'secret')).toBe(true);
  });
});
