import { notifyTokens } from '../../store/device.ts';
import type { UserRecord } from '../../store/user.ts';
import { text } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { presentUser } from './present.ts';

/** What a device token may be: APNs and FCM stay far below. */
export const TOKEN = text(4_096);

/** The user with the tokens of its Notify phones. */
export async function profileOf(
  deps: NotifyDeps,
  user: Pick<UserRecord, 'id' | 'username' | 'isActive' | 'isAdmin'>,
) {
  const tokens = await notifyTokens(deps.database, [user.id]);
  return presentUser(user, tokens.get(user.id) ?? [], deps.version);
}
