/** A whole Web Push in a real Firefox: from the publisher through a push service to the screen, and the receipt back. */
import { type FirefoxLine, startFirefoxLine } from '@tocsin/push/testing';
import { ADMIN_PASSWORD } from '@tocsin/server/testing';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { awaitText, keepViolations, shownTitles } from './in-page.ts';
import { PATIENCE_MS, publishAndTime, type Stage, startStage } from './stage.ts';

const executablePath = browserPath('firefox-esr');
let stage: Stage;
let line: FirefoxLine;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

/** Preferences of Firefox: modules/libpref/init/all.js and dom/push in its source. */
function preferences(pushUrl: string) {
  return {
    'dom.push.serverURL': pushUrl,
    'dom.push.testing.allowInsecureServerURL': true,
    'dom.push.connection.enabled': true,
    'permissions.default.desktop-notification': 1,
    // There is no desktop here whose notifications it could use.
    'alerts.useSystemBackend': false,
  };
}

describe.skipIf(executablePath === null)('Firefox', () => {
  beforeAll(async () => {
    stage = await startStage();
    line = await startFirefoxLine(stage.pushService);
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: executablePath ?? '',
      headless: true,
      extraPrefsFirefox: preferences(line.url),
    });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.evaluateOnNewDocument(keepViolations);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await line?.close();
    await stage?.close();
  }, 60_000);

  const untilShown = (title: string) =>
    expect.poll(() => page.evaluate(shownTitles), { timeout: PATIENCE_MS }).toContain(title);
  const click = (selector: string) => page.locator(selector).click();

  it('signs in, subscribes and enables notifications', async () => {
    await page.goto(stage.url);
    await page.locator('input[name=username]').fill('admin');
    await page.locator('input[name=password]').fill(ADMIN_PASSWORD);
    await click('ion-button[type=submit]');
    await click('ion-tab-button[tab=services]');
    await click('.service-row ion-toggle');
    await page.locator('.service-row ion-toggle.toggle-checked').wait();
    await click('ion-tab-button[tab=messages]');
    await click('.enable-card-buttons ion-button');
    await page.waitForSelector('.enable-card', { hidden: true });
  });

  it('shows the message within a second, and the service worker shows it too', async () => {
    const { id, title, ms } = await publishAndTime(stage, page, 'Beam lost', 1_000);
    expect(ms).toBeLessThan(1_000);
    await untilShown(title);
    await stage.untilLogged(id, ['accepted', 'received', 'displayed']);
    expect(stage.pushService.received.at(-1)?.headers).toMatchObject({ urgency: 'normal' });
  });

  it('shows it while the page is closed', async () => {
    await page.goto('about:blank');
    const { id } = await stage.publish('Helium low', { priority: 'high' });
    await stage.untilLogged(id, ['accepted', 'received', 'displayed']);
    expect(stage.pushService.received.at(-1)?.headers).toMatchObject({ urgency: 'high' });
    await page.goto(stage.url);
    await untilShown('Helium low');
  });

  it('gets no pushes any more once they are turned off', async () => {
    const pushes = stage.pushService.received.length;
    await click('ion-tab-button[tab=settings]');
    await click('section[aria-labelledby=push-title] ion-button[fill=outline]');
    await page.waitForSelector('section[aria-labelledby=push-title] ion-button:not([fill=outline])');
    await page.evaluate(awaitText, 'Quiet');
    const { id } = await stage.publish('Quiet');
    await page.evaluate(() => window.arrival);
    expect(await stage.untilFannedOut(id)).toBe(0);
    expect(stage.pushService.received).toHaveLength(pushes);
  });

  it('had nothing to complain about, nor had the push service', async () => {
    expect(await page.evaluate(() => window.violations)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(stage.pushService.refusals).toEqual([]);
    expect(new Set(line.acknowledged)).toEqual(new Set([100]));
  });
});
