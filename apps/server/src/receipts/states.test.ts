import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DeliveryEventName,
  EVENTS,
  eventName,
  foldState,
  isTerminal,
  RECEIPT_EVENTS,
  stateOf,
} from './states.ts';

const anyEvent = fc.constantFrom(...(Object.keys(EVENTS) as DeliveryEventName[]));
const anyLife = fc.array(anyEvent, { maxLength: 12 });

describe('the state of a delivery', () => {
  it('is pending before any event', () => {
    expect(stateOf([])).toBe('pending');
    expect(isTerminal('pending')).toBe(false);
  });

  it('does not depend on the order in which the log is read', () => {
    fc.assert(
      fc.property(anyLife, fc.infiniteStream(fc.nat()), (events, shuffle) => {
        const shuffled = events
          .map((event) => ({ event, key: shuffle.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ event }) => event);
        expect(stateOf(shuffled)).toBe(stateOf(events));
      }),
    );
  });

  it('is the same when events are logged twice, as after a crash', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        expect(stateOf([...events, ...events])).toBe(stateOf(events));
      }),
    );
  });

  it('never leaves a terminal state by itself for waiting', () => {
    fc.assert(
      fc.property(anyLife, anyEvent, (events, event) => {
        const before = stateOf(events);
        if (isTerminal(before)) expect(isTerminal(foldState(before, event))).toBe(true);
      }),
    );
  });

  it('believes the device over the provider', () => {
    fc.assert(
      fc.property(anyLife, fc.constantFrom(...RECEIPT_EVENTS), (events, receipt) => {
        expect(RECEIPT_EVENTS).toContain(stateOf([...events, receipt]));
      }),
    );
  });

  it('keeps its numbers', () => {
    for (const [name, code] of Object.entries(EVENTS)) expect(eventName(code)).toBe(name);
    expect(() => eventName(99)).toThrow(RangeError);
    expect(EVENTS).toMatchObject({
      accepted: 1,
      gone: 2,
      refused: 3,
      retry: 4,
      expired: 5,
      received: 10,
      dismissed: 13,
    });
  });
});
