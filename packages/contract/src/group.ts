import { z } from 'zod';
import { storableText } from './text.ts';

const name = storableText(128, 1);
const Source = z.enum(['local', 'ldap', 'oidc']);

export const NewGroup = z
  .strictObject({
    name,
    /** `ldap` and `oidc`: who belongs to it follows from what the directory or the provider says at each sign-in. */
    source: Source.default('local'),
    /** How it is called there: the DN or name of the directory's group, the value of the provider's claim. */
    externalName: storableText(512, 1).optional(),
  })
  .refine(({ source, externalName }) => (source === 'local') === (externalName === undefined), {
    message: 'is needed for ldap and oidc, and only for these',
    path: ['externalName'],
  })
  .meta({ id: 'NewGroup' });

export const GroupChange = z.strictObject({ name }).meta({ id: 'GroupChange' });

export const Group = z
  .object({
    id: z.int(),
    name: z.string(),
    source: Source,
    externalName: z.string().nullable(),
    members: z.int(),
  })
  .meta({ id: 'Group' });
export const GroupList = z.object({ items: z.array(Group) }).meta({ id: 'GroupList' });

export const GroupDetails = Group.extend({
  people: z.array(z.object({ id: z.int(), username: z.string() })),
  serviceIds: z.array(z.uuid()),
}).meta({ id: 'GroupDetails' });
