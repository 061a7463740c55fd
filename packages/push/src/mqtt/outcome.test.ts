import { describe, expect, it } from 'vitest';
import { ACCEPTED, refused, retry } from '../outcome.ts';
import { readPuback } from './outcome.ts';

describe('a PUBACK', () => {
  it('of success is accepted', () => {
    expect(readPuback(0)).toBe(ACCEPTED);
  });

  it('without subscribers is tried again: the broker kept nothing', () => {
    expect(readPuback(0x10)).toEqual(retry('PUBACK 0x10 nobody listens'));
  });

  it.each([0x90, 0x95, 0x99])('%i refuses this message', (code) => {
    expect(readPuback(code)).toEqual(refused(`PUBACK 0x${code.toString(16)}`));
  });

  it.each([0x87, 0x97])('%i is about our account', (code) => {
    expect(readPuback(code)).toMatchObject({ kind: 'retry', scope: 'provider' });
  });

  it.each([0x80, 0x83])('%i may pass', (code) => {
    expect(readPuback(code)).toMatchObject({ kind: 'retry', scope: 'device' });
  });
});
