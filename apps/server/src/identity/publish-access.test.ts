import { describe, expect, it } from 'vitest';
import { parseNetworks } from '../lib/network.ts';
import { hashKey, mayPublish, presentedKey } from './publish-access.ts';

const networks = parseNetworks(['10.0.0.0/8']);
const publishKeyHash = hashKey('tsk_right');
const [inside, outside] = ['10.1.2.3', '203.0.113.9'];

describe('publishing', () => {
  it.each([
    ['open', outside, null, true],
    ['network', inside, null, true],
    ['network', outside, null, false],
    ['network', outside, 'tsk_right', true],
    ['network', outside, 'tsk_wrong', false],
    ['network', 'junk', null, false],
    ['key', inside, null, false],
    ['key', inside, 'tsk_wrong', false],
    ['key', outside, 'tsk_right', true],
    ['key', outside, '', false],
  ] as const)('policy %s from %s with the key %s: %s', (publishPolicy, address, key, allowed) => {
    expect(mayPublish({ publishPolicy, publishKeyHash }, { address, key }, networks)).toBe(allowed);
  });

  it('a service without a key takes none', () => {
    const service = { publishPolicy: 'key', publishKeyHash: null } as const;
    expect(mayPublish(service, { address: inside, key: 'tsk_right' }, networks)).toBe(false);
  });

  it('an unknown service looks like one of the network', () => {
    expect(mayPublish(null, { address: inside, key: null }, networks)).toBe(true);
    expect(mayPublish(null, { address: outside, key: 'tsk_right' }, networks)).toBe(false);
  });
});

describe('the key of a request', () => {
  it.each([
    [{ 'x-service-key': 'anything' }, {}, 'anything'],
    [{ authorization: 'Bearer tsk_x' }, {}, 'tsk_x'],
    [{ authorization: 'BEARER tsk_x' }, {}, 'tsk_x'],
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
