/** The nouns of API v3 as this app sees them, from the contract. Types only: no schema reaches the bundle. */
import type {
  CodeSession as CodeSessionSchema,
  Device as DeviceSchema,
  InboxPage as InboxPageSchema,
  OneTimeCode as OneTimeCodeSchema,
  OneTimeLink as OneTimeLinkSchema,
  Removal as RemovalSchema,
  Service as ServiceSchema,
  SessionRecord as SessionRecordSchema,
  Session as SessionSchema,
  SignInMethods as SignInMethodsSchema,
} from '@tocsin/contract';

export type { InboxItem, SignInFault } from '@tocsin/contract';
export type Device = ReturnType<typeof DeviceSchema.parse>;
export type InboxPage = ReturnType<typeof InboxPageSchema.parse>;
export type Service = ReturnType<typeof ServiceSchema.parse>;
export type Session = ReturnType<typeof SessionSchema.parse>;
export type SignInWay = ReturnType<typeof SignInMethodsSchema.parse>['items'][number];
export type CodeSession = ReturnType<typeof CodeSessionSchema.parse>;
export type OneTimeCode = ReturnType<typeof OneTimeCodeSchema.parse>;
export type OneTimeLink = ReturnType<typeof OneTimeLinkSchema.parse>;
export type Removal = ReturnType<typeof RemovalSchema.parse>;
/** One of the reader's logins. */
export type Login = ReturnType<typeof SessionRecordSchema.parse>;
export type InboxStatus = 'read' | 'unread' | 'deleted';

/** What a browser hands to the server so that it can be pushed to (RFC 8030, RFC 8291). */
export interface WebPushDevice {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly name: string;
}
