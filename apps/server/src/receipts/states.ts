/**
 * The life of one delivery. The log is append-only; the state is a fold over its events, defined here once.
 * Numbers are stored, so they never change meaning.
 */
export const EVENTS = {
  /** The provider took it. */
  accepted: 1,
  /** The provider said that the address is dead. */
  gone: 2,
  /** The provider will never take this delivery; the address stays. */
  refused: 3,
  /** Not taken this time; it is tried again. */
  retry: 4,
  /** Its time to live ran out before a provider took it. */
  expired: 5,
  /** The device has it. */
  received: 10,
  /** The device showed it. */
  displayed: 11,
  /** The person opened it. */
  opened: 12,
  /** The person put it away unopened. */
  dismissed: 13,
} as const;

export type DeliveryEventName = keyof typeof EVENTS;
export type DeliveryState = 'pending' | DeliveryEventName;

export const RECEIPT_EVENTS = ['received', 'displayed', 'opened', 'dismissed'] as const;
export type ReceiptEvent = (typeof RECEIPT_EVENTS)[number];

const NAMES = new Map<number, DeliveryEventName>(
  Object.entries(EVENTS).map(([name, code]) => [code, name as DeliveryEventName]),
);

/** Throws `RangeError` for a number that was never an event. */
export function eventName(code: number): DeliveryEventName {
  const name = NAMES.get(code);
  if (!name) throw new RangeError(`no delivery event has the number ${code}`);
  return name;
}

/**
 * How much each state says. A stronger one is never replaced by a weaker one, in whatever order the events are
 * read: a receipt outranks every outcome (the device knows best), `accepted` outranks an earlier or repeated failure.
 */
const STRENGTH: Record<DeliveryState, number> = {
  pending: 0,
  retry: 1,
  expired: 2,
  refused: 3,
  gone: 4,
  accepted: 5,
  received: 6,
  displayed: 7,
  dismissed: 8,
  opened: 9,
};

export function foldState(state: DeliveryState, event: DeliveryEventName): DeliveryState {
  return STRENGTH[event] > STRENGTH[state] ? event : state;
}

/** The numbers of the receipts' events, the strongest last. */
export const RECEIPT_ORDER: readonly number[] = [...RECEIPT_EVENTS]
  .sort((one, other) => STRENGTH[one] - STRENGTH[other])
  .map((event) => EVENTS[event]);

export function stateOf(events: Iterable<DeliveryEventName>): DeliveryState {
  let state: DeliveryState = 'pending';
  for (const event of events) state = foldState(state, event);
  return state;
}

/** The server does nothing more for it by itself; receipts may still raise it. */
export function isTerminal(state: DeliveryState): boolean {
  return state !== 'pending' && state !== 'retry';
}
