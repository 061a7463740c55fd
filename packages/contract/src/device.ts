import { z } from 'zod';
import { rowId } from './query.ts';
import { storableText } from './text.ts';

export const RegistrableKind = z.enum(['apns', 'fcm', 'webpush', 'unifiedpush', 'mqtt']);

export const NewDevice = z
  .strictObject({
    kind: RegistrableKind,
    /** Token, endpoint URL; left out for mqtt, whose address the server makes. */
    address: storableText(4_096).default(''),
    /** Web Push: `<p256dh>.<auth>`, both base64url. */
    credential: storableText(512).default(''),
    /** apns: which of Apple's two services gave the token; empty: the one the server is set to. */
    environment: z.enum(['', 'production', 'sandbox']).default(''),
    app: storableText(128, 1).default('tocsin'),
    name: storableText(128).default(''),
  })
  .refine(({ kind, address }) => kind === 'mqtt' || address !== '', {
    message: 'is needed for every kind but mqtt',
    path: ['address'],
  })
  .refine(({ kind, address }) => kind !== 'mqtt' || address === '', {
    message: 'must be left out for mqtt: the server makes it',
    path: ['address'],
  })
  .refine(({ kind, environment }) => kind === 'apns' || environment === '', {
    message: 'is for apns only',
    path: ['environment'],
  })
  .meta({ id: 'NewDevice' });

export const Device = z
  .object({
    id: z.int(),
    kind: z.string(),
    name: z.string(),
    app: z.string(),
    environment: z.string(),
    registeredAt: z.iso.datetime(),
    /** When it was registered again or, for mqtt, connected. */
    lastSeenAt: z.iso.datetime().nullable(),
    /** What it reported last, and when. */
    lastReceipt: z.enum(['received', 'displayed', 'opened', 'dismissed']).nullable(),
    lastReceiptAt: z.iso.datetime().nullable(),
    goneAt: z.iso.datetime().nullable(),
    goneReason: z.string().nullable(),
    /** mqtt: the client name and the topic it listens on; the password is shown once, at registration. */
    mqtt: z.object({ username: z.string(), password: z.string().optional(), topic: z.string() }).optional(),
  })
  .meta({ id: 'Device' });
export const DeviceList = z.object({ items: z.array(Device) }).meta({ id: 'DeviceList' });
export const DeviceTransfer = z.strictObject({ userId: rowId }).meta({ id: 'DeviceTransfer' });
export const WebPushKey = z.object({ publicKey: z.string() }).meta({ id: 'WebPushKey' });
