/** The sending library: usable alone, without a database or an environment. */
export {
  type ApnsAuthentication,
  type ApnsConfig,
  type ApnsDeps,
  type ApnsEnvironment,
  type ApnsPairConfig,
  checkApnsAddress,
} from './apns/config.ts';
export { eitherEnvironment } from './apns/either-environment.ts';
export type { ShelvedToken, TokenShelf } from './apns/token-shelf.ts';
export { createApnsTransport, createApnsTransports } from './apns/transport.ts';
export { checkFcmAddress, type FcmConfig, type FcmDeps, type ServiceAccount } from './fcm/config.ts';
export { createFcmTransport } from './fcm/transport.ts';
export * from './http2/index.ts';
export { checkMqttAddress, deviceTopic } from './mqtt/address.ts';
export type { MqttConfig } from './mqtt/config.ts';
export { mqttPayload } from './mqtt/payload.ts';
export { createMqttTransport } from './mqtt/transport.ts';
export * from './notification.ts';
export * from './outcome.ts';
export { type AddressGuard, createAddressGuard } from './outside/address-guard.ts';
export {
  createDoor,
  createOperatorDoor,
  type Door,
  DoorError,
  type DoorOptions,
  type OperatorDoorOptions,
  type Question,
  type Reply,
} from './outside/door.ts';
export { partOf } from './part.ts';
export { buildJsonPayload } from './payload/json-payload.ts';
export type { SplicedPayload } from './payload/spliced-payload.ts';
export * from './transport.ts';
export type { WebPushConfig } from './webpush/config.ts';
export { createWebPushTransport } from './webpush/transport.ts';
export { checkSubject, generateVapidKeys, type VapidKeys } from './webpush/vapid.ts';
