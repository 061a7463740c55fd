import { z } from 'zod';
import { storableText } from './text.ts';

const appleName = (what: string) =>
  z.string().regex(/^[A-Z0-9]{10}$/, `must be the ten characters Apple shows as the ${what}`);

/** What Apple gives a developer, to send to the own app. */
export const ApnsCredentials = z
  .strictObject({
    /** Text of the .p8 file. */
    p8: z.string().min(1).max(4_096),
    keyId: appleName('key id'),
    teamId: appleName('team id'),
    /** Bundle id of the app. */
    topic: storableText(256, 1),
    /** Where devices are looked for first that do not say their environment. */
    environment: z.enum(['production', 'sandbox']).default('production'),
  })
  .meta({ id: 'ApnsCredentials' });

/** What Google gives: the content of the service account's file. */
export const FcmCredentials = z
  .strictObject({
    serviceAccount: z.looseObject({
      project_id: storableText(256, 1),
      client_email: storableText(256, 1),
      private_key: z.string().min(1).max(8_192),
    }),
  })
  .meta({ id: 'FcmCredentials' });

export const ProviderName = z.enum(['apns', 'fcm']);

export const Provider = z
  .object({
    name: ProviderName,
    /** `file`: the settings name it, and it is changed there; `stored`: it was given here; null: not set up. */
    source: z.enum(['file', 'stored']).nullable(),
    /** What is not secret, like Apple's key id or Google's project. */
    about: z.record(z.string(), z.string()),
    /** Why nothing is sent to it for now. */
    parked: z.array(z.object({ provider: z.string(), reason: z.string(), until: z.iso.datetime() })),
  })
  .meta({ id: 'Provider' });
export const ProviderList = z.object({ items: z.array(Provider) }).meta({ id: 'ProviderList' });
