/** The account for the people who review the apps in the stores: it has a known password and sees one service. */
import type { Database } from '../store/database.ts';
import { revokeTokensOf } from '../store/login-token.ts';
import { changeUser, createUser, findUserByName, setPasswordHash } from '../store/user.ts';
import type { Passwords } from './passwords.ts';

export const DEMO_ACCOUNT = 'demo';

/** Whether this person is shown services of this category. */
export function isShownTo(
  user: { readonly username: string },
  service: { readonly category: string },
  demoService: string,
): boolean {
  return user.username !== DEMO_ACCOUNT || service.category === demoService;
}

const NO_ROLES = { isAdmin: false, isAuditor: false, origin: 'demo' } as const;

/** Makes the account what the configuration says, at every start. Without a password nobody signs in to it. */
export async function ensureDemoAccount(
  database: Database,
  passwords: Passwords,
  password: string | undefined,
  now: Date,
): Promise<void> {
  const passwordHash = password === undefined ? null : await passwords.hash(password);
  const account = await findUserByName(database, DEMO_ACCOUNT);
  if (!account) {
    if (passwordHash)
      await createUser(database, { username: DEMO_ACCOUNT, passwordHash, isAdmin: false, origin: 'demo' });
    return;
  }
  // Whoever reads the application to the store knows the password: never an administrator.
  if (passwordHash) await changeUser(database, account.id, NO_ROLES);
  if (await isAsWanted(passwords, account.passwordHash, password)) return;
  await database.transaction(async (connection) => {
    await setPasswordHash(connection, account.id, passwordHash);
    await revokeTokensOf(connection, account.id, now);
  });
}

async function isAsWanted(
  passwords: Passwords,
  stored: string | null,
  password: string | undefined,
): Promise<boolean> {
  return password === undefined ? stored === null : passwords.verify(stored, password);
}
