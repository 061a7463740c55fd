import { describe, expect, it } from 'vitest';
import { parseNetworks } from '../lib/network.ts';
import type { PublishPolicy } from '../store/service.ts';
import type { KeyUse, User } from './caller.ts';
import { mayPublish, presentedKey } from './publish-access.ts';

const networks = parseNetworks(['10.0.0.0/8']);
const [inside, outside] = ['10.1.2.3', '203.0.113.9'];
const [SERVICE, OTHER] = ['6f1c2a34-0000-4000-8000-000000000001', '6f1c2a34-0000-4000-8000-000000000002'];
const OWNER = 7;

const key = (given: Partial<KeyUse> = {}): KeyUse => ({
  kind: 'key',
  keyId: 1,
  name: 'k',
  scopes: ['publish'],
  serviceId: SERVICE,
  user: null,
  serviceIds: null,
  monitorIds: null,
  ...given,
});
const person = (id: number, isAdmin = false) => ({
  id,
  username: `u${id}`,
  isActive: true,
  isAdmin,
  isAuditor: false,
});
const personal = (given: Partial<KeyUse> = {}) => key({ serviceId: null, user: person(OWNER), ...given });

const ask = (
  publishPolicy: PublishPolicy | null,
  given: { address?: string; key?: KeyUse | 'none' | 'invalid'; user?: User | null },
) =>
  mayPublish(
    publishPolicy && { publishPolicy, ownerIds: [OWNER] },
    SERVICE,
    { address: outside, key: 'none', user: null, ...given },
    networks,
  );

describe('publishing', () => {
  it.each([
    ['open', outside, true],
    ['network', inside, true],
    ['network', outside, false],
    ['network', 'junk', false],
    ['key', inside, false],
  ] as const)('policy %s from %s without a key: %s', (policy, address, allowed) => {
    expect(ask(policy, { address })).toBe(allowed);
  });

  it.each([
    ['of the service', key(), true],
    ['of another service', key({ serviceId: OTHER }), false],
    ['of an owner', personal(), true],
    ['of an owner, limited to the service', personal({ serviceIds: [SERVICE] }), true],
    ['of an owner, limited to another', personal({ serviceIds: [OTHER] }), false],
    ['of an owner, that only reads', personal({ scopes: ['read', 'signal'] }), false],
    ['of an owner, for everything', personal({ scopes: ['admin'] }), true],
    ['of an administrator', personal({ user: person(1, true) }), true],
    ['of somebody else', personal({ user: person(1) }), false],
    ['that is revoked', 'invalid', false],
  ] as const)('with a key %s: %s, from everywhere and whatever the policy', (_whose, shown, allowed) => {
    for (const policy of ['open', 'network', 'key'] as const)
      for (const address of [inside, outside]) expect(ask(policy, { address, key: shown })).toBe(allowed);
  });

  it.each([
    ['an owner', person(OWNER), true],
    ['an administrator', person(1, true), true],
    ['anybody else', person(1), false],
  ] as const)('as %s that signed in: %s', (_who, user, allowed) => {
    expect(ask('key', { user })).toBe(allowed);
  });

  it('to an unknown service looks like to one of the network', () => {
    expect(ask(null, { address: inside })).toBe(true);
    expect(ask(null, { address: outside })).toBe(false);
    expect(ask(null, { key: key({ serviceId: OTHER }) })).toBe(false);
  });
});

describe('the key of a request', () => {
  it.each([
    [{ 'x-service-key': 'anything' }, {}, 'anything'],
    [{ authorization: 'Bearer tsk_x' }, {}, 'tsk_x'],
    [{ authorization: 'BEARER tsk_x' }, {}, 'tsk_x'],
    [{ authorization: 'Bearer tpk_x' }, {}, 'tpk_x'],
    [{ authorization: 'Bearer eyJ.login.token' }, {}, null],
    [{ authorization: 'Basic tsk_x' }, {}, null],
    [{}, { key: 'tsk_x' }, 'tsk_x'],
    [{}, { key: ['a', 'b'] }, null],
    [{ 'x-service-key': 'header' }, { key: 'url' }, 'header'],
    [{}, undefined, null],
  ])('headers %j and query %j: %s', (headers, query, key) => {
    expect(presentedKey({ headers, query })).toBe(key);
  });
});
