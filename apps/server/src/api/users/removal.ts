import { groupsOfUser } from '../../store/personal-data.ts';
import { countRemoval, servicesOwnedBy } from '../../store/removal.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiProblem } from '../edge/problem.ts';

const STAYS = [
  { what: 'delivery-log', as: 'numbers only, until its retention ends' },
  { what: 'audit-log', as: 'with the user name, until its retention ends' },
] as const;

/** What deleting the account would remove. */
export async function removalOf({ database, clock }: Pick<ApiDeps, 'database' | 'clock'>, userId: number) {
  const counts = await countRemoval(database, userId, new Date(clock()));
  if (!counts) throw new ApiProblem('not-found', `There is no user ${userId}`);
  const groups = await groupsOfUser(database, userId);
  return {
    ...counts,
    groups: groups.map(({ name }) => name),
    services: await servicesOwnedBy(database, userId),
    stays: [...STAYS],
  };
}
