import { unknownGroups } from '../../store/service-owner.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput } from '../edge/validate.ts';

export async function refuseUnknownGroups(
  { database }: Pick<ApiDeps, 'database'>,
  groupIds: readonly number[],
): Promise<void> {
  const unknownIds = await unknownGroups(database, groupIds);
  if (unknownIds.length === 0) return;
  throw invalidInput(
    unknownIds.map((value) => ({ field: 'body.groupIds', rule: 'there is no such group', value })),
  );
}
