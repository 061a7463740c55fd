/** One-time links in Chromium: an invitation, a reset, a pairing, and each of them once more. */
import type { FakeSubscription } from '@tocsin/push/testing';
import { ADMIN_PASSWORD } from '@tocsin/server/testing';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { keepShifts, keepViolations } from './in-page.ts';
import { PATIENCE_MS, type Stage, startStage } from './stage.ts';

interface Link {
  readonly url: string;
  readonly user: { readonly id: number };
}

const executablePath = browserPath('chromium');
const PASSWORD = 'a password of my own';
let stage: Stage;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let authorization: string;

/** Of API v3, as the administrator. */
async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${stage.url}/api/v3${path}`, {
    method,
    headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as T;
}

/** A browser that nobody has used before. */
async function openBrowser(): Promise<void> {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  await context.addInitScript(keepViolations);
  await context.addInitScript(keepShifts);
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
}

async function choosePassword(first: string, again: string): Promise<void> {
  await page.getByLabel('New password').fill(first);
  await page.getByLabel('The same once more').fill(again);
  await page.locator('ion-button[type=submit]').click();
}

const heading = (name: string) => page.getByRole('heading', { name }).waitFor();

async function expectCalm(): Promise<void> {
  const found = await page.evaluate(() => ({ violations: window.violations, shift: window.shift }));
  expect(found).toEqual({ violations: [], shift: 0 });
}

/** Runs in the page: this browser may notify, and subscribing answers with `subscription`. */
function answerSubscribing({ address, p256dh, auth }: FakeSubscription): void {
  const subscription = {
    endpoint: address,
    toJSON: () => ({ endpoint: address, keys: { p256dh, auth } }),
    unsubscribe: async () => true,
  };
  PushManager.prototype.subscribe = async () => subscription as unknown as PushSubscription;
  PushManager.prototype.getSubscription = async () => subscription as unknown as PushSubscription;
}

describe.skipIf(executablePath === null)('a one-time link', () => {
  beforeAll(async () => {
    stage = await startStage();
    const credentials = { username: 'admin', password: ADMIN_PASSWORD };
    authorization = '';
    authorization = `Bearer ${(await ask<{ token: string }>('POST', '/sessions', credentials)).token}`;
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
    await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  }, 60_000);

  let invitation: Link;

  it('invites: a password is chosen, and the person is signed in', async () => {
    invitation = await ask<Link>('POST', '/invitations', { username: 'anna' });
    await page.goto(invitation.url);
    await heading('Welcome, anna');
    await choosePassword('short', 'short');
    await page.getByText('The password is too short: at least 8 characters.').waitFor();
    await choosePassword(PASSWORD, 'another one');
    await page.getByText('The two passwords are not the same.').waitFor();
    await expectCalm();
    await choosePassword(PASSWORD, PASSWORD);
    await heading('No messages yet');
    expect(page.url()).toBe(`${stage.url}/messages`);
    await page.goto(`${stage.url}/settings`);
    await page.getByText('Signed in as anna').waitFor();
  });

  it('that is opened again says that it was used, and leads on', async () => {
    await page.goto(invitation.url);
    await heading('This link was used already');
    await page.getByRole('button', { name: 'Show my messages' }).click();
    await heading('No messages yet');
    await openBrowser();
    await page.goto(invitation.url);
    await page.getByRole('button', { name: 'Go to sign-in' }).click();
    await page.getByLabel('User name').waitFor();
  });

  it('that is cut short says so', async () => {
    await page.goto(`${stage.url}/welcome#half`);
    await heading('This link is not complete');
    await expectCalm();
  });

  it('resets: the old one says that it has expired, the new one signs in', async () => {
    const make = () => ask<Link>('POST', `/users/${invitation.user.id}/reset-link`);
    const [old, { url }] = [await make(), await make()];
    await page.goto(old.url);
    await heading('This link has expired');
    // Only what stands behind the # changes: the page stays.
    await page.goto(url);
    await heading('Choose a new password');
    await choosePassword('yet another password', 'yet another password');
    await heading('No messages yet');
  });

  it('pairs a phone: one tap, and the device is registered to the account', async () => {
    await page.goto(`${stage.url}/settings/pair`);
    const answer = page.waitForResponse((response) => response.url().endsWith('/me/pairings'));
    await page.getByRole('button', { name: 'Show the code' }).click();
    const { url } = (await (await answer).json()) as Link;
    await page.getByRole('img', { name: 'QR code with the pairing link' }).waitFor();
    await page.getByText('Works for 4:5').waitFor();
    await expectCalm();

    await openBrowser();
    await context.grantPermissions(['notifications'], { origin: stage.url });
    const response = await fetch(`${stage.url}/api/v3/webpush/key`);
    const { publicKey } = (await response.json()) as { publicKey: string };
    await context.addInitScript(answerSubscribing, stage.pushService.subscribe(publicKey));
    const isReady = page.waitForResponse((one) => one.url().endsWith('/webpush/key'));
    await page.goto(url);
    await heading('This phone will belong to anna');
    await isReady;
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await page.getByRole('button', { name: 'Pair this phone' }).click();
    await heading('No messages yet');
    const { items } = await ask<{ items: { kind: string }[] }>('GET', `/users/${invitation.user.id}/devices`);
    expect(items).toMatchObject([{ kind: 'webpush', app: 'inbox' }]);
    await page.goto(`${stage.url}/settings/devices`);
    await page.getByText('Has not confirmed a message yet.').waitFor();
    await expectCalm();
  });

  it('ends with the account, which says before what goes', async () => {
    await page.goto(`${stage.url}/settings/delete-account`);
    await page.getByText('1 device').waitFor();
    await page.getByLabel('Your password').fill('guessed');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('That is not your password.').waitFor();
    await expectCalm();
    await page.getByLabel('Your password').fill('yet another password');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('Your account is deleted.').waitFor();
    const { items } = await ask<{ items: { username: string }[] }>('GET', '/users');
    expect(items.map(({ username }) => username)).not.toContain('anna');
  });
});
