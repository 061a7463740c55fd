import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testClock } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createPeople, HERE, type People } from '../../test/people.ts';
import { SYSTEM } from '../audit/entry.ts';
import type { CodePurpose } from '../store/one-time-code.ts';
import { changeUser, createUser } from '../store/user.ts';
import { LIFETIME_MS } from './one-time-codes.ts';

let test: TestDatabase;
let people: People;
const clock = testClock();
beforeAll(async () => {
  test = await testDatabase();
  people = await createPeople(test.database, clock.now);
});
afterAll(() => test.drop());

let turn = 0;
const account = async () => {
  const username = `person${++turn}`;
  const user = await createUser(test.database, { username, passwordHash: null, isAdmin: false });
  if (!user) throw new Error('the name is taken');
  return user.id;
};
const make = async (purpose: CodePurpose, userId: number) => {
  const { inviteAgain, resetLink, pairing } = people.oneTimeCodes;
  const given = await { invitation: inviteAgain, reset: resetLink, pairing }[purpose](SYSTEM, userId);
  if (typeof given === 'string') throw new Error(`no code: ${given}`);
  return given.code;
};
/** Each from its own address, so that nobody waits. */
const from = () => ({ ...HERE, address: `198.51.${++turn % 256}.${Math.floor(turn / 256)}` });
const look = async (code: string) => (await people.oneTimeCodes.look(code, from())).kind;
const use = async (code: string, purpose: CodePurpose) => {
  const password = purpose === 'pairing' ? undefined : 'a new password';
  return (await people.oneTimeCodes.use(code, { password, register: undefined }, from())).kind;
};

const PURPOSE = fc.constantFrom<CodePurpose>('invitation', 'reset', 'pairing');
const STEP = fc.oneof(
  fc.constantFrom('look', 'use', 'two at once', 'deactivate', 'activate', 'newer'),
  fc.integer({ min: 0, max: 8 * 86_400_000 }),
);

describe('the life of a code', () => {
  it('is unknown, made, used or expired, and never used twice, whatever happens in which order', async () => {
    await fc.assert(
      fc.asyncProperty(PURPOSE, fc.array(STEP, { maxLength: 8 }), async (purpose, steps) => {
        const userId = await account();
        const code = await make(purpose, userId);
        const model = { used: false, active: true, ended: false, endsAt: clock.now() + LIFETIME_MS[purpose] };
        const expected = () => {
          if (model.used) return 'used';
          if (!model.active) return 'inactive';
          return model.ended || clock.now() >= model.endsAt ? 'expired' : 'ok';
        };
        for (const step of steps) {
          const before = expected();
          if (typeof step === 'number') clock.advance(step);
          else if (step === 'deactivate' || step === 'activate') {
            model.active = step === 'activate';
            await changeUser(test.database, userId, { isActive: model.active });
          } else if (step === 'newer' && purpose === 'reset' && model.active) {
            await make('reset', userId);
            model.ended = true;
          } else if (step === 'use') {
            expect(await use(code, purpose)).toBe(before);
            model.used ||= before === 'ok';
          } else if (step === 'two at once') {
            const both = await Promise.all([use(code, purpose), use(code, purpose)]);
            expect(both.sort()).toEqual(before === 'ok' ? ['ok', 'used'] : [before, before]);
            model.used ||= before === 'ok';
          }
          expect(await look(code)).toBe(expected());
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is used once by twenty at the same time', async () => {
    const code = await make('pairing', await account());
    const all = await Promise.all(Array.from({ length: 20 }, () => use(code, 'pairing')));
    expect(all.filter((kind) => kind === 'ok')).toHaveLength(1);
    expect(all.filter((kind) => kind === 'used')).toHaveLength(19);
  });

  it('of two resets made at once only one is left', async () => {
    const userId = await account();
    const codes = await Promise.all(Array.from({ length: 5 }, () => make('reset', userId)));
    const kinds = await Promise.all(codes.map(look));
    expect(kinds.filter((kind) => kind === 'ok')).toHaveLength(1);
  });

  it.each(['invitation', 'reset', 'pairing'] as const)(
    'of an %s ends to the millisecond',
    async (purpose) => {
      const code = await make(purpose, await account());
      clock.advance(LIFETIME_MS[purpose] - 1);
      expect(await look(code)).toBe('ok');
      clock.advance(1);
      expect(await look(code)).toBe('expired');
      expect(await use(code, purpose)).toBe('expired');
    },
  );

  it('holds at least 160 random bits, and the database only its hash', async () => {
    const code = await make('pairing', await account());
    expect(Buffer.from(code, 'base64url').length * 8).toBeGreaterThanOrEqual(160);
    const rows = await test.database.query<{ text: string }>('select c::text as text from one_time_code c');
    for (const { text } of rows) expect(text).not.toContain(code);
  });
});
