/**
 * The inbox app in Chromium. Without Google's push service Chromium cannot subscribe, so the subscription is the fake
 * browser's, and what the server then sends it is handed to the service worker by the DevTools protocol.
 */
import { ADMIN_PASSWORD } from '@tocsin/server/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { type Chromium, findWorker, launchChromium, type Worker } from './chromium.ts';
import { keepShifts, keepViolations, shownTitles } from './in-page.ts';
import { PATIENCE_MS, publishAndTime, type Stage, startStage } from './stage.ts';

const executablePath = browserPath('chromium');
let stage: Stage;
let browser: Chromium;
let context: BrowserContext;
let page: Page;
let worker: Worker;
const complaints: string[] = [];

function listen(to: Page): void {
  to.setDefaultTimeout(PATIENCE_MS);
  to.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  to.on('pageerror', (error) => complaints.push(String(error)));
}

/** The browser itself complains about every answer that is an error; this one was wanted. */
function expectOneComplaint(status: number): void {
  expect(complaints.splice(0)).toEqual([expect.stringContaining(`status of ${status}`)]);
}

/** Waits for the push about `title` at the push service and hands what the browser can read to its service worker. */
async function handOver(title: string): Promise<void> {
  const { received } = stage.pushService;
  const isIt = ({ json }: { json: unknown }) => (json as { title: string }).title === title;
  await expect.poll(() => received.some(isIt), { timeout: PATIENCE_MS }).toBe(true);
  await worker.push(received.find(isIt)?.json);
}

async function signIn(password: string): Promise<void> {
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe.skipIf(executablePath === null)('Chromium', () => {
  beforeAll(async () => {
    stage = await startStage();
    browser = await launchChromium(stage, executablePath ?? '');
    context = browser.context;
    await context.addInitScript(keepViolations);
    await context.addInitScript(keepShifts);
    page = await context.newPage();
    listen(page);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  }, 60_000);

  it('says that the password is wrong', async () => {
    await page.goto(stage.url);
    await signIn('guessed');
    await page.getByText('The user name or the password is wrong.').waitFor();
    expectOneComplaint(401);
  });

  it('signs in, subscribes and enables notifications', async () => {
    await signIn(ADMIN_PASSWORD);
    await page.getByRole('tab', { name: 'Services' }).click();
    await page.locator('.service-row ion-toggle').click();
    await page.getByRole('tab', { name: 'Messages' }).click();
    await page.getByRole('button', { name: 'Enable notifications' }).click();
    await page.getByText('Notifications are on').waitFor();
    expect(await page.evaluate(() => window.violations)).toEqual([]);
  });

  it('shows the message within a second, and the service worker shows it too', async () => {
    const { id, title, ms } = await publishAndTime(stage, page, 'Beam lost', 1_000);
    expect(ms).toBeLessThan(1_000);
    worker = await findWorker(stage, page);
    await handOver(title);
    await expect.poll(() => page.evaluate(shownTitles), { timeout: PATIENCE_MS }).toContain(title);
    await stage.untilLogged(id, ['accepted', 'received', 'displayed']);
  });

  it('opens the message of a clicked notification, and its receipt is in the log', async () => {
    const { id } = await stage.publish('Helium low');
    await handOver('Helium low');
    await expect.poll(() => page.evaluate(shownTitles), { timeout: PATIENCE_MS }).toContain('Helium low');
    const [script] = context.serviceWorkers();
    await script?.evaluate(clickNotification, 'Helium low');
    await page.waitForURL(`${stage.url}/messages/${id}`);
    await page.getByRole('heading', { name: 'Helium low' }).waitFor();
    await stage.untilLogged(id, ['opened']);
  });

  it('marks a message as read on every page when one page reads it', async () => {
    const other = await context.newPage();
    listen(other);
    await page.goto(`${stage.url}/messages`);
    const { id } = await stage.publish('Door open');
    const row = page.locator('.message-row', { hasText: 'Door open' });
    await row.getByLabel('Unread').waitFor();
    await other.goto(`${stage.url}/messages/${id}`);
    await other.getByRole('heading', { name: 'Door open' }).waitFor();
    await row.getByLabel('Unread').waitFor({ state: 'detached' });
    await other.close();
  });

  it('deletes a message after asking, and says later that it is gone', async () => {
    const { id } = await stage.publish('Old news');
    await page.goto(`${stage.url}/messages/${id}`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Message deleted').waitFor();
    await page.goto(`${stage.url}/messages/${id}`);
    await page.getByRole('heading', { name: 'This message is no longer here' }).waitFor();
    expect(await page.evaluate(() => window.violations)).toEqual([]);
    expectOneComplaint(404);
  });

  it('has nothing to complain about on any screen, and nothing jumps', async () => {
    const { id } = await stage.publish('Last one', { url: 'https://example.org', data: { sector: '45' } });
    const screens = [
      ['/', '.message-row'],
      ['/messages', '.message-row'],
      [`/messages/${id}`, '.message-details'],
      ['/services', '.service-row'],
      ['/settings', '#account-title'],
      ['/settings/pair', '.pair-frame'],
      ['/settings/devices', '.account-row'],
      ['/settings/logins', '.account-row'],
      ['/settings/delete-account', '.deletion p'],
    ] as const;
    for (const [path, content] of screens) {
      await page.goto(stage.url + path);
      await page.locator(content).first().waitFor();
      const { violations, shift } = await page.evaluate(() => ({
        violations: window.violations,
        shift: window.shift,
      }));
      expect({ path, violations, shift }).toEqual({ path, violations: [], shift: 0 });
    }
    expect(complaints).toEqual([]);
  });

  it('starts without a network and says that there is none', async () => {
    await page.goto(`${stage.url}/messages`);
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('heading', { name: 'Messages' }).waitFor();
    await page.getByText('No connection. Trying again…').waitFor();
    await context.setOffline(false);
  });
});

/** Runs in the service worker: what the browser does when the reader clicks the notification called `title`. */
async function clickNotification(title: string): Promise<void> {
  const scope = globalThis as unknown as { registration: ServiceWorkerRegistration };
  const notification = (await scope.registration.getNotifications()).find((shown) => shown.title === title);
  const Click = (globalThis as unknown as { NotificationEvent: typeof Event }).NotificationEvent;
  dispatchEvent(new Click('notificationclick', { notification } as EventInit));
}
