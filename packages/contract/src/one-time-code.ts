import { z } from 'zod';
import { Device, NewDevice } from './device.ts';
import { rowId } from './query.ts';
import { newPassword, Session, username } from './session.ts';
import { storableText } from './text.ts';
import { UserAccount } from './user.ts';

export const NewInvitation = z
  .strictObject({
    /** Kept in lower case. */
    username,
    isAdmin: z.boolean().default(false),
    isAuditor: z.boolean().default(false),
    /** Groups of this server. */
    groupIds: z.array(rowId).max(100).default([]),
  })
  .meta({ id: 'NewInvitation' });

/** Shown once: whoever has the link may use it. */
export const OneTimeLink = z
  .object({
    /** The code stands behind the `#`: it reaches no server with the address. */
    url: z.string(),
    code: z.string(),
    expiresAt: z.iso.datetime(),
    /** The link as an SVG image of a QR code (ISO/IEC 18004). */
    qr: z.string(),
  })
  .meta({ id: 'OneTimeLink' });
export const Invitation = OneTimeLink.extend({ user: UserAccount }).meta({ id: 'Invitation' });

const code = storableText(128, 1);
export const CodeLook = z.strictObject({ code }).meta({ id: 'CodeLook' });
export const OneTimeCode = z
  .object({
    purpose: z.enum(['invitation', 'reset', 'pairing']),
    username: z.string(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'OneTimeCode' });

export const CodeUse = z
  .strictObject({
    code,
    /** The new one: needed for an invitation and a reset, refused for a pairing. */
    password: newPassword.optional(),
    /** True for browsers: the login comes as a cookie that no script can read, and not as a token. */
    cookie: z.boolean().default(false),
    /** What the login is recognised by later; left out: what the User-Agent says. */
    device: storableText(128).optional(),
    /** Registers the device in the same step. */
    register: NewDevice.optional(),
  })
  .meta({ id: 'CodeUse' });
export const CodeSession = Session.extend({
  /** What `register` made. */
  device: Device.optional(),
}).meta({ id: 'CodeSession' });
