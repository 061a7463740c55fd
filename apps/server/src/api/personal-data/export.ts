/** One person's data as JSON, written piece by piece: an inbox of a hundred thousand entries takes no more memory. */
import { eventName } from '../../receipts/states.ts';
import { listKeys } from '../../store/access-key.ts';
import type { Queryable } from '../../store/database.ts';
import { listEventsOfUser } from '../../store/delivery-event.ts';
import { listDevices } from '../../store/device.ts';
import { listLogins } from '../../store/login-token.ts';
import { auditOf, groupsOfUser, inboxAfter, subscriptionsOf } from '../../store/personal-data.ts';
import { servicesOwnedBy } from '../../store/removal.ts';
import type { UserRecord } from '../../store/user.ts';
import { presentDevice } from '../devices/present.ts';
import { presentKey } from '../keys/present.ts';
import { presentSession } from '../sessions/present.ts';
import { presentAccount } from '../users/present.ts';

const PAGE = 2_000;
const CLOCKS_DIFFER_MS = 3_600_000;

/** Secrets are left out: password, hashes, credentials of devices. */
export async function* personalData(database: Queryable, user: UserRecord, now: Date) {
  const { id } = user;
  const devices = await listDevices(database, id);
  const head = {
    exportedAt: now.toISOString(),
    account: presentAccount(user),
    groups: await groupsOfUser(database, id),
    ownedServices: (await servicesOwnedBy(database, id)).map(({ id, category }) => ({ id, category })),
    subscriptions: await subscriptionsOf(database, id),
    devices: devices.map((device) => ({ ...presentDevice(device), address: device.address })),
    logins: (await listLogins(database, id, now)).map((login) => presentSession(login, null)),
    keys: (await listKeys(database, { userId: id })).map((key) => presentKey(key)),
  };
  yield JSON.stringify(head).slice(0, -1);
  yield ',"inbox":[';
  yield* listed(inboxPages(database, id));
  yield '],"audit":[';
  yield* listed(auditPages(database, id));
  yield ']}\n';
}

/** The elements of all pages, with a comma between two. */
async function* listed(pages: AsyncIterable<readonly object[]>) {
  let separator = '';
  for await (const page of pages) {
    yield separator + page.map((one) => JSON.stringify(one)).join(',\n');
    separator = ',\n';
  }
}

async function* inboxPages(database: Queryable, userId: number) {
  let after = 0;
  while (true) {
    const page = await inboxAfter(database, userId, after, PAGE);
    if (page.length === 0) return;
    after = page.at(-1)?.id ?? after;
    const deliveries = await deliveriesOf(database, userId, page);
    yield page.map((entry) => ({ ...entry, deliveries: deliveries.get(entry.id) ?? [] }));
  }
}

/** What became of the notifications at the person's devices. */
async function deliveriesOf(
  database: Queryable,
  userId: number,
  page: readonly { readonly id: number; readonly createdAt: Date }[],
) {
  // An event is written by another clock than the notification, and never much before it.
  const since = new Date(Math.min(...page.map(({ createdAt }) => createdAt.getTime())) - CLOCKS_DIFFER_MS);
  const [first, last] = [page[0]?.id ?? 0, page.at(-1)?.id ?? 0];
  const byNotification = new Map<number, object[]>();
  const events = await listEventsOfUser(database, userId, { first, last, since });
  for (const { notificationId, deviceId, event, reason, at } of events) {
    const told = byNotification.get(notificationId) ?? [];
    told.push({ deviceId, event: eventName(event), reason, at });
    byNotification.set(notificationId, told);
  }
  return byNotification;
}

async function* auditPages(database: Queryable, userId: number) {
  let before: number | null = null;
  while (true) {
    const page: Awaited<ReturnType<typeof auditOf>> = await auditOf(database, userId, before, PAGE);
    if (page.length === 0) return;
    before = page.at(-1)?.id ?? before;
    yield page;
  }
}
