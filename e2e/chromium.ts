/** Chromium with a profile of its own, and its service worker as the DevTools protocol reaches it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeSubscription } from '@tocsin/push/testing';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Stage } from './stage.ts';

export interface Chromium {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** As wide as a phone. It may show notifications, and subscribing answers with an address of the stage's push service. */
export async function launchChromium(stage: Stage, executablePath: string): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), 'tocsin-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    viewport: { width: 390, height: 844 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
  await context.grantPermissions(['notifications'], { origin: stage.url });
  const answer = await fetch(`${stage.url}/api/v3/webpush/key`);
  const { publicKey } = (await answer.json()) as { publicKey: string };
  await context.addInitScript(answerSubscribing, stage.pushService.subscribe(publicKey));
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Runs in the page: subscribing answers with `subscription`, and changes nothing else. */
function answerSubscribing({ address, p256dh, auth }: FakeSubscription): void {
  const keys = { p256dh, auth };
  const subscription = {
    endpoint: address,
    toJSON: () => ({ endpoint: address, keys }),
    unsubscribe: async () => true,
  };
  PushManager.prototype.subscribe = async () => subscription as unknown as PushSubscription;
  PushManager.prototype.getSubscription = async () => subscription as unknown as PushSubscription;
}

export interface Worker {
  /** Hands it a push, as the browser does with what it decrypted. */
  push(json: unknown): Promise<void>;
}

/** The service worker of the page, which must have been opened from the stage. */
export async function findWorker(stage: Stage, page: Page): Promise<Worker> {
  const session = await page.context().newCDPSession(page);
  const found = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      if (registrations[0]) resolve(registrations[0].registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await found;
  return {
    async push(json) {
      const data = JSON.stringify(json);
      await session.send('ServiceWorker.deliverPushMessage', {
        origin: `${stage.url}/`,
        registrationId,
        data,
      });
    },
  };
}
