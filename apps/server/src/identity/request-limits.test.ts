import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testClock } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { testRates } from '../../test/rates.ts';
import { type Audit, createAudit } from '../audit/audit.ts';
import { TooManyRequests } from '../lib/too-many-requests.ts';
import type { KeyUse, User } from './caller.ts';
import { createRequestLimits, type RequestLimits } from './request-limits.ts';

const LIMITS = { address: 4, user: 3, key: 2 };
const MINUTE_MS = 60_000;
const ada: User = { id: 7, username: 'ada', isActive: true, isAdmin: false, isAuditor: false };
const bob: User = { ...ada, id: 8, username: 'bob' };
const login = (user: User) => ({ kind: 'login', user, tokenId: 't' }) as const;
const key = (keyId: number, user: User | null): KeyUse => ({
  kind: 'key',
  keyId,
  name: `key ${keyId}`,
  scopes: ['publish'],
  serviceId: null,
  user,
  serviceIds: null,
  monitorIds: null,
});
const HERE = { address: '192.0.2.1', requestId: null };

let test: TestDatabase;
let audit: Audit;
let limits: RequestLimits;
let clock: ReturnType<typeof testClock>;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  clock = testClock(29_000_000 * MINUTE_MS);
  const onChanged = () => undefined;
  audit = createAudit({ database: test.database, node: 'tests', onError: onChanged, onChanged });
  limits = createRequestLimits({
    rates: testRates({ clock: clock.now, limits: LIMITS }),
    audit,
    clock: clock.now,
  });
});
afterEach(async () => {
  await audit.drain();
  await test.database.query('truncate audit_entry');
});

/** How many of `count` go through. */
function through(count: number, ask: () => void): number {
  let taken = 0;
  for (let n = 0; n < count; n++) {
    try {
      ask();
      taken++;
    } catch (error) {
      expect(error).toBeInstanceOf(TooManyRequests);
    }
  }
  return taken;
}

async function refusals() {
  await audit.drain();
  return test.database.query<{ name: string; times: number }>(
    `select actor, actor_id as id, actor_name as name, address, subject, subject_id as "subjectId", detail, times
     from audit_entry where action = 'request.limit' order by subject`,
  );
}

describe('a request counts', () => {
  it('for the person of a login, whatever the login', () => {
    expect(through(2, () => limits.caller(login(ada), HERE))).toBe(2);
    expect(through(5, () => limits.caller({ ...login(ada), tokenId: 'another' }, HERE))).toBe(1);
    expect(through(5, () => limits.caller(login(bob), HERE))).toBe(3);
  });

  it('for the key of a service alone', () => {
    expect(through(5, () => limits.caller(key(1, null), HERE))).toBe(LIMITS.key);
    expect(through(5, () => limits.caller(key(2, null), HERE))).toBe(LIMITS.key);
  });

  it('for a personal key and for its person: many keys do not make more of one person', () => {
    const taken = [1, 2, 3].map((id) => through(5, () => limits.caller(key(id, ada), HERE)));
    expect(taken).toEqual([2, 0, 0]);
    expect(through(5, () => limits.caller(key(4, bob), HERE))).toBe(2);
    expect(through(5, () => limits.caller(login(bob), HERE))).toBe(0);
  });

  it('for the network of the address', () => {
    let n = 0;
    const next = () => limits.address(`2001:db8::${(++n).toString(16)}`, 'r');
    expect(through(10, next)).toBe(LIMITS.address);
    expect(through(10, () => limits.address('2001:db8:0:1::1', 'r'))).toBe(LIMITS.address);
  });
});

describe('the audit log', () => {
  it('has one entry of a subject and minute, with who it was', async () => {
    through(50, () => limits.address(HERE.address, 'r'));
    through(50, () => limits.caller(login(ada), HERE));
    through(50, () => limits.caller(key(1, null), HERE));
    const at = { address: '192.0.2.1', times: 1 };
    expect(await refusals()).toEqual([
      {
        ...at,
        actor: 'anonymous',
        id: null,
        name: '',
        subject: 'address',
        subjectId: '192.0.2.1',
        detail: 'More than 4 requests a minute of one address',
      },
      {
        ...at,
        actor: 'key',
        id: null,
        name: 'key 1',
        subject: 'key',
        subjectId: '1',
        detail: 'More than 2 requests a minute of one key',
      },
      {
        ...at,
        actor: 'user',
        id: 7,
        name: 'ada',
        subject: 'user',
        subjectId: '7',
        detail: 'More than 3 requests a minute of one user',
      },
    ]);
    clock.advance(MINUTE_MS);
    through(50, () => limits.address(HERE.address, 'r'));
    expect(await refusals()).toHaveLength(4);
  });

  it('is not filled by a flood of addresses, and hears of them again when the clock was set back', async () => {
    for (let n = 0; n < 3_000; n++) {
      const address = `198.51.${n >> 8}.${n & 255}`;
      through(LIMITS.address + 1, () => limits.address(address, 'r'));
    }
    const entries = await refusals();
    // The audit log itself tells 200 a second apart.
    expect(entries).toHaveLength(200);
    clock.advance(-3_600_000);
    through(50, () => limits.address(HERE.address, 'r'));
    expect(await refusals()).toHaveLength(entries.length + 1);
  });
});
