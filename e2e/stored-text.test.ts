/** Stored text cannot run: hostile texts in every field of the API, and every place that shows them, in Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { findWorker, type Worker } from './chromium.ts';
import { type HostileStage, signIn, startHostileStage, strangersOn } from './hostile-stage.ts';
import { HOSTILE_TEXTS, hostile } from './hostile-texts.ts';
import {
  awaitShown,
  clickAll,
  type ReadMessage,
  readMessage,
  readNotification,
  scrollAwayAndBack,
} from './message-in-page.ts';
import { harmlessPage, plantMessages, plantServices, plantTheRest } from './plant.ts';
import { PATIENCE_MS } from './stage.ts';
import { fieldName, type OpenApi, SHOWN_NOWHERE, textFields } from './text-fields.ts';

const executablePath = browserPath('chromium');
const THEMES = ['light', 'dark'] as const;
const PATIENTLY = { timeout: PATIENCE_MS, interval: 10 };
let hosted: HostileStage;
let page: Page;
let messages: number;

interface Item {
  readonly id: number;
  readonly category: string;
  readonly title: string;
  readonly serviceName: string;
  readonly subtitle: string;
  readonly body: string;
  readonly data: Readonly<Record<string, string>>;
  readonly actions: readonly { readonly id: string; readonly title: string; readonly url: string }[];
}

/** What a GET answers to the person that is signed in on the page. */
const ask = <Answer>(path: string) =>
  page.evaluate(async (address) => (await fetch(address)).json(), `/api/v3${path}`) as Promise<Answer>;

const inbox = async () => (await ask<{ items: Item[] }>('/inbox?limit=500')).items;

/** Hands the push over; what is shown then. */
async function shownFor(worker: Worker, json: unknown): Promise<object | null> {
  await page.evaluate(awaitShown);
  await worker.push(json);
  return page.evaluate(readNotification);
}

/** Opens a screen in both themes, and runs `look` in each. */
async function inBothThemes(path: string, look: () => Promise<void>): Promise<void> {
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(hosted.stage.url + path);
    await look();
    expect(await strangersOn(page, `${path} in ${colorScheme}`)).toEqual([]);
  }
}

describe.skipIf(executablePath === null)('stored text', () => {
  beforeAll(async () => {
    hosted = await startHostileStage(executablePath ?? '');
    page = hosted.page;
  }, 120_000);
  afterAll(() => hosted?.close(), 60_000);
  afterEach(() => expect(hosted.incidents()).toEqual([]));

  it('would run if a page repeated it as it is', async () => {
    const bare = await hosted.browser.context.newPage();
    const ran: string[] = [];
    for (const { name, text } of HOSTILE_TEXTS.filter(({ isLive }) => isLive)) {
      // A document is focused by itself only once.
      await bare.goto('about:blank');
      await bare.setContent(`<div>${text}</div><input value="${text}"><input value='${text}'>`);
      await expect
        .poll(() => ran.push(...hosted.incidents()) && ran, { timeout: PATIENCE_MS })
        .toContain(`ran: ${name}`);
    }
    await bare.close();
    hosted.incidents();
  });

  it('does nothing in the address of the sign-in page', async () => {
    const { stage } = hosted;
    for (const text of ['script', 'double-quote', 'js', 'no-scheme', 'braces'].map(hostile)) {
      const query = `next=${encodeURIComponent(text)}&url=${encodeURIComponent(text)}`;
      for (const path of ['/', `/${encodeURIComponent(text)}`]) {
        await page.goto(`${stage.url}${path}?${query}#${text}`);
        await page.getByRole('button', { name: 'Sign in' }).waitFor();
      }
      expect(await strangersOn(page, `signing in with ${text}`)).toEqual([]);
    }
  });

  it('is a name that somebody signs in with', async () => {
    const { stage, person } = hosted;
    await signIn(page, stage, person);
    await page.getByRole('button', { name: 'Enable notifications' }).click();
    await page.getByText('Notifications are on').waitFor();
    await inBothThemes('/settings', async () => {
      const shown = page.locator('section[aria-labelledby=account-title] strong');
      expect(await shown.textContent()).toBe(person.username);
    });
  });

  it('is planted in every field that takes it', { timeout: 90_000 }, async () => {
    const { stage, planter, person } = hosted;
    const serviceIds = await plantServices(planter);
    messages = await plantMessages(stage, planter, person, serviceIds);
    // Later than the messages, which would else be sent to the providers and devices that are planted here.
    await expect.poll(() => stage.pushService.received.length, PATIENTLY).toBe(messages);
    await plantTheRest(planter, serviceIds[0] ?? '');
    const documents = await Promise.all(
      ['v1', 'v2', 'v3'].map(async (version) => {
        const answer = await fetch(`${stage.url}/api/${version}/openapi.json`);
        return textFields(version, (await answer.json()) as OpenApi);
      }),
    );
    const unplanted = documents.flat().filter((field) => !planter.isPlanted(field));
    expect(unplanted.map(fieldName).sort()).toEqual(Object.keys(SHOWN_NOWHERE).sort());
  });

  it('is text in the list of messages', async () => {
    await expect.poll(async () => (await inbox()).length, { timeout: PATIENCE_MS }).toBe(messages);
    const items = await inbox();
    await inBothThemes('/messages', async () => {
      const rows = page.locator('.message-row');
      const scrolled = async () => {
        await page.locator('ion-infinite-scroll').evaluate(scrollAwayAndBack);
        return rows.count();
      };
      await expect.poll(scrolled, { timeout: PATIENCE_MS }).toBe(items.length);
      const shown = (part: string) => rows.locator(part).allTextContents();
      expect(await shown('.message-row-title > span:last-child')).toEqual(items.map(({ title }) => title));
      expect(await shown('.message-row-service')).toEqual(items.map((item) => item.category || 'For you'));
      const previews = items.map(({ subtitle, body }) => [subtitle, body].filter(Boolean).join(' · '));
      expect(await shown('.message-row-preview')).toEqual(previews);
    });
  });

  it('is text in the list of services, and in what the app says about one', async () => {
    const { items } = await ask<{ items: { category: string; owner: string }[] }>('/services');
    expect(items.length).toBeGreaterThan(HOSTILE_TEXTS.length);
    await page.route('**/api/v3/subscriptions/*', (route) => route.fulfill({ status: 400 }));
    await inBothThemes('/services', async () => {
      const rows = page.locator('.service-row');
      await rows.first().waitFor();
      const shown = (part: string) => rows.locator(part).allTextContents();
      expect(await shown('.service-names > span')).toEqual(items.map(({ category }) => category));
      expect(await shown('.service-names > small')).toEqual(
        items.flatMap(({ owner }) => (owner === '' ? [] : [owner])),
      );
      const category = hostile('md-auto');
      await page.getByRole('switch', { name: category, exact: true }).click();
      await page.getByText(`“${category}” could not be changed.`).waitFor();
    });
  });

  // Some eighty messages, one after the other.
  it('is text in each notification and its message, where clicks lead', { timeout: 90_000 }, async () => {
    const { stage, browser } = hosted;
    await page.goto(`${stage.url}/messages`);
    const { received } = stage.pushService;
    const items = new Map((await inbox()).map((item) => [item.id, item]));
    const worker = await findWorker(stage, page);
    for (const [index, { json }] of received.entries()) {
      await page.emulateMedia({ colorScheme: THEMES[index % 2] ?? null });
      const pushed = json as Item;
      const shown = {
        title: pushed.title || pushed.serviceName,
        body: [pushed.subtitle, pushed.body].filter(Boolean).join('\n'),
      };
      expect(await shownFor(worker, json)).toEqual(shown);
      const item = items.get(pushed.id);
      if (!item) throw new Error(`message ${pushed.id} is not in the inbox`);
      const followed = item.actions.filter(({ id }) => id === 'harmless').map(({ url }) => new URL(url).href);
      expect(await browser.context.serviceWorkers()[0]?.evaluate(clickAll)).toEqual({
        opened: followed,
        ran: false,
      });
      await page.waitForURL(`${stage.url}/messages/${pushed.id}`);
      const expected: ReadMessage = {
        title: item.title,
        subtitle: item.subtitle,
        body: item.body,
        details: Object.entries(item.data).flat(),
        links: followed,
      };
      await expect.poll(() => page.evaluate(readMessage), PATIENTLY).toEqual(expected);
    }
    expect(await strangersOn(page, 'all messages')).toEqual([]);
    await page.goto(
      `${stage.url}/messages/${[...items.values()].find(({ title, actions }) => title === hostile('double-quote') && actions.length > 0)?.id}`,
    );
    const [opened] = await Promise.all([
      browser.context.waitForEvent('page'),
      page.locator('.message-links ion-button').click(),
    ]);
    await opened.waitForURL(new URL(harmlessPage(stage, hostile('double-quote'))).href);
  });
});
