export { type FirefoxLine, startFirefoxLine } from './firefox-line.ts';
export {
  type FakeWebPushOptions,
  FakeWebPushService,
  type ReceivedPush,
  startFakeWebPushService,
} from './service.ts';
export { FakeBrowser, type FakeSubscription } from './subscription.ts';
