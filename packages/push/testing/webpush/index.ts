export {
  type FakeWebPushOptions,
  FakeWebPushService,
  type ReceivedPush,
  startFakeWebPushService,
} from './service.ts';
export { FakeBrowser, type FakeSubscription } from './subscription.ts';
