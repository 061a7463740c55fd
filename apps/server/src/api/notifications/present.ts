import { eventName, stateOf } from '../../receipts/states.ts';
import type { LoggedEvent } from '../../store/delivery-event.ts';

/** Deliveries per state, from the distinct sets of events and how many devices have each. */
export function foldCounts(sets: readonly { events: number[]; devices: number }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { events, devices } of sets) {
    const state = stateOf(events.map(eventName));
    counts[state] = (counts[state] ?? 0) + devices;
  }
  return counts;
}

/** `events` are ordered by device and of one device more than `limit`, when there is a next page. */
export function presentDeliveries(events: readonly LoggedEvent[], limit: number) {
  const items: {
    deviceId: number;
    userId: number;
    state: ReturnType<typeof stateOf>;
    events: ReturnType<typeof presentEvent>[];
  }[] = [];
  for (const event of events) {
    let item = items.at(-1);
    if (item?.deviceId !== event.deviceId) {
      item = { deviceId: event.deviceId, userId: event.userId, state: 'pending', events: [] };
      items.push(item);
    }
    item.events.push(presentEvent(event));
  }
  for (const item of items) item.state = stateOf(item.events.map(({ event }) => event));
  const page = items.slice(0, limit);
  const last = items.length > limit ? page.at(-1) : undefined;
  return { items: page, nextCursor: last ? String(last.deviceId) : null };
}

function presentEvent({ event, reason, providerId, node, at }: LoggedEvent) {
  return { event: eventName(event), reason, providerId, node, at: at.toISOString() };
}
