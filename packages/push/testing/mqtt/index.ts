export {
  FakeMqttBroker,
  type FakeMqttBrokerOptions,
  type ReceivedPublish,
  startFakeMqttBroker,
} from './broker.ts';
