/** Stored text cannot run on the screens of somebody's own account and of one-time links either. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { type HostileStage, signIn, startHostileStage, strangersOn } from './hostile-stage.ts';
import { fitting, HOSTILE_TEXTS, hostile } from './hostile-texts.ts';
import { keepViolations } from './in-page.ts';

/** As long as a device may be called. */
const MOST_NAME_BYTES = 128;
const NAMES = [...new Set(HOSTILE_TEXTS.map(({ text }) => fitting(text, MOST_NAME_BYTES)))];

const executablePath = browserPath('chromium');
let hosted: HostileStage;
let page: Page;

/** Nothing strange, and nothing that only the policy of the page kept from running. */
async function expectText(where: string): Promise<void> {
  expect(await strangersOn(page, where)).toEqual([]);
  expect(await page.evaluate(() => window.violations)).toEqual([]);
}

describe.skipIf(executablePath === null)('stored text in the account', () => {
  beforeAll(async () => {
    hosted = await startHostileStage(executablePath ?? '');
    page = hosted.page;
    await page.addInitScript(keepViolations);
    await signIn(page, hosted.stage, hosted.person);
  }, 120_000);
  afterAll(() => hosted?.close(), 60_000);
  afterEach(() => expect(hosted.incidents()).toEqual([]));

  it('is text in the list of devices, and in the question before one is removed', {
    timeout: 90_000,
  }, async () => {
    const statuses = await page.evaluate(async (names) => {
      const headers = { 'content-type': 'application/json' };
      const register = async (name: string) => {
        const body = JSON.stringify({ kind: 'mqtt', name });
        return (await fetch('/api/v3/devices', { method: 'POST', headers, body })).status;
      };
      return Promise.all(names.map(register));
    }, NAMES);
    expect(new Set(statuses)).toEqual(new Set([201]));
    await page.goto(`${hosted.stage.url}/settings/devices`);
    const rows = page.locator('.account-row');
    await expect.poll(() => rows.count()).toBe(NAMES.length);
    const shown = await rows.locator('h2').allTextContents();
    expect(shown.sort()).toEqual([...NAMES].sort());
    for (let index = 0; index < NAMES.length; index += 5) {
      const name = await rows.nth(index).locator('h2').textContent();
      await rows.nth(index).locator('ion-button').click();
      const question = page.getByRole('alertdialog');
      await question.waitFor();
      expect(await question.textContent()).toContain(name);
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'detached' });
    }
    await expectText('devices');
  });

  it.each([
    ['logins', hostile('svg')],
    ['delete-account', hostile('image')],
  ])('is text on the screen %s', async (screen, text) => {
    await page.goto(`${hosted.stage.url}/settings/${screen}`);
    await page.locator('main').getByText(text).first().waitFor();
    await expectText(screen);
  });

  it('is text where a one-time link leads', async () => {
    for (const text of ['script', 'svg', 'double-quote', 'braces', 'right-to-left'].map(hostile)) {
      const invited = { username: `${text} guest` };
      const { code } = await hosted.planter.send<{ code: string }>('v3 POST /invitations', {}, invited);
      // From another page: what follows # alone would load nothing.
      await page.goto(`${hosted.stage.url}/docs/errors`);
      await page.goto(`${hosted.stage.url}/welcome#${code}`);
      await page.getByLabel('New password').waitFor();
      expect(await page.locator('main').textContent()).toContain(invited.username.toLowerCase());
      await expectText(`the invitation of ${text}`);
    }
  });
});
