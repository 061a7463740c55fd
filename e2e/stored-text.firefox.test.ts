/** Stored text cannot run in Firefox either, whose parser and policies are its own. */
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';
import { keepViolations } from './in-page.ts';
import { createPlanter, plantMessages, plantPerson, plantServices } from './plant.ts';
import { PATIENCE_MS, type Stage, startStage } from './stage.ts';
import { strangers } from './watch.ts';

const executablePath = browserPath('firefox-esr');
let stage: Stage;
let browser: Browser;
let page: Page;

/** What runs is told beside what the policy refused. */
function tellWhatRuns(): void {
  Object.defineProperty(window, '__ran', {
    set: (name: string) => {
      window.violations.push(`ran: ${name}`);
    },
  });
}

async function expectText(path: string, content: string): Promise<void> {
  await page.goto(stage.url + path);
  await page.waitForSelector(content);
  const violations = await page.evaluate(() => window.violations);
  expect({ path, strange: await page.evaluate(strangers), violations }).toEqual({
    path,
    strange: [],
    violations: [],
  });
}

describe.skipIf(executablePath === null)('stored text in Firefox', () => {
  beforeAll(async () => {
    stage = await startStage();
    const planter = createPlanter(stage);
    const person = await plantPerson(planter);
    await plantMessages(stage, planter, person, await plantServices(planter));
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: executablePath ?? '',
      headless: true,
    });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.evaluateOnNewDocument(keepViolations);
    await page.evaluateOnNewDocument(tellWhatRuns);
    await page.goto(stage.url);
    await page.locator('input[name=username]').fill(person.username);
    await page.locator('input[name=password]').fill(person.password);
    await page.locator('ion-button[type=submit]').click();
    await page.waitForSelector('ion-tab-button');
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  }, 60_000);

  it.each([
    ['/messages', '.message-row'],
    ['/services', '.service-row'],
    ['/settings', '#account-title'],
  ])('is text on %s', (path, content) => expectText(path, content));

  it('is text in every message', { timeout: 120_000 }, async () => {
    const items = await page.evaluate(async () => {
      const answer = await fetch('/api/v3/inbox?limit=500');
      return ((await answer.json()) as { items: { id: number; title: string }[] }).items;
    });
    const seen = new Set<string>();
    for (const { id, title } of items) {
      if (seen.has(title)) continue;
      seen.add(title);
      await expectText(`/messages/${id}`, '.message h1');
      expect(await page.$eval('.message h1', (heading) => heading.textContent)).toBe(title);
    }
    expect(seen.size).toBe(HOSTILE_TEXTS.length);
  });
});
