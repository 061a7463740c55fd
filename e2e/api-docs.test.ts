/** Swagger UI as a browser shows it, under the policy that the server sends along. */
import { type ServerProcess, startServer } from '@tocsin/server/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { PATIENCE_MS } from './stage.ts';

const executablePath = browserPath('chromium');

describe.runIf(executablePath)('/api/docs in Chromium', () => {
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    server = await startServer();
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${server.url}/api/docs`);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  it.each([
    ['v3', 'Tocsin API', '/api/v3/services/{serviceId}/notifications'],
    ['v2', 'Notify API', '/users/user/device-token'],
    ['v1', 'Notify API', '/users/user/apn-token'],
  ])('shows the document of %s', async (version, title, path) => {
    await page.selectOption('select#select', `/api/${version}/openapi.json`);
    await page.waitForSelector(`.opblock-summary-path[data-path="${path}"]`);
    expect(await page.textContent('.info .title')).toContain(title);
  });

  it('and the browser has nothing to complain about', () => expect(complaints).toEqual([]));
});
