/** The fakes of Apple, Google and a browser's push service, and the settings that point a server at them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FakeApns,
  type FakeFcm,
  type FakeWebPushService,
  selfSignedCertificate,
  startFakeApns,
  startFakeFcm,
  startFakeWebPushService,
} from '@tocsin/push/testing';

export interface Providers {
  readonly apns: FakeApns;
  readonly fcm: FakeFcm;
  readonly webPush: FakeWebPushService;
  readonly settings: Record<string, string>;
  close(): Promise<void>;
}

/** `record: false` keeps only counts, for big runs. */
export async function startProviders(record = true): Promise<Providers> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-providers-'));
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const apns = await startFakeApns({ record });
  const fcm = await startFakeFcm({ record });
  const webPush = await startFakeWebPushService();
  const ca = write('ca.pem', selfSignedCertificate().ca);
  const settings = {
    APNS_KEY_FILE: write('key.p8', apns.p8),
    APNS_KEY_ID: apns.keyId,
    APNS_TEAM_ID: apns.teamId,
    APNS_TOPIC: apns.topic,
    APNS_URL: apns.url,
    APNS_CA_FILE: ca,
    FCM_SERVICE_ACCOUNT_FILE: write('fcm.json', JSON.stringify(fcm.serviceAccount)),
    FCM_URL: fcm.url,
    FCM_CA_FILE: ca,
    WEBPUSH_ALLOW: 'localhost',
    WEBPUSH_CA_FILE: ca,
  };
  return {
    apns,
    fcm,
    webPush,
    settings,
    async close() {
      await apns.close();
      await fcm.close();
      await webPush.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
