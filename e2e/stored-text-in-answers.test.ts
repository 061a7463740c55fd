/** What the API answers with stored text in it, opened as a page; the API documents; the page of the errors. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { type HostileStage, signIn, startHostileStage, strangersOn } from './hostile-stage.ts';
import { hostile } from './hostile-texts.ts';
import { plantMessages, plantServices, plantTheRest } from './plant.ts';
import { PATIENCE_MS } from './stage.ts';

const executablePath = browserPath('chromium');
let hosted: HostileStage;
let serviceId = '';

const image = encodeURIComponent(hostile('image'));

/** Answers with stored text, and refusals of addresses that are hostile themselves. */
const addresses = () => [
  ...[
    'me',
    'sessions',
    'users',
    'groups',
    'groups/1',
    'services',
    'inbox?limit=500',
    'devices',
    'me/keys',
  ].map((path) => `/api/v3/${path}`),
  ...['', '/subscribers', '/keys'].map((path) => `/api/v3/services/${serviceId}${path}`),
  ...['audit?limit=500', 'providers', 'stats', 'webpush/key', 'openapi.json'].map(
    (path) => `/api/v3/${path}`,
  ),
  ...['v1', 'v2'].flatMap((version) =>
    [
      'users/user/profile',
      'users/user/services',
      'users/user/notifications',
      'services/',
      'openapi.json',
    ].map((path) => `/api/${version}/${path}`),
  ),
  '/api/v2/users/',
  `/api/v2/services/${serviceId}/notifications`,
  ...['inbox?cursor=', 'inbox/', 'users?limit=', 'audit?outcome=', 'services/', ''].map(
    (path) => `/api/v3/${path}${image}`,
  ),
  ...['v1', 'v2'].flatMap((version) => [
    `/api/${version}/services/${image}/notifications`,
    `/api/${version}/users/user/notifications?limit=${image}`,
    `/api/${version}/${image}`,
  ]),
  `/${image}.html`,
  `/icons/${image}.svg`,
  '/metrics',
  '/-/health',
];

describe.skipIf(executablePath === null)('stored text in answers', () => {
  beforeAll(async () => {
    hosted = await startHostileStage(executablePath ?? '');
    const { stage, page, planter, person } = hosted;
    const serviceIds = await plantServices(planter);
    serviceId = serviceIds[0] ?? '';
    await plantMessages(stage, planter, person, serviceIds);
    await plantTheRest(planter, serviceId);
    await signIn(page, stage, person);
  }, 120_000);
  afterAll(() => hosted?.close(), 60_000);
  afterEach(() => expect(hosted.incidents()).toEqual([]));

  it('opens as text, whatever the browser would rather have', async () => {
    const { stage, browser } = hosted;
    const page = await browser.context.newPage();
    await page.setExtraHTTPHeaders({ authorization: stage.authorization });
    const shown: Record<string, object> = {};
    for (const address of addresses()) {
      const answer = await page.goto(stage.url + address);
      const headers = answer?.headers() ?? {};
      shown[address] = {
        type: headers['content-type']?.split(';')[0]?.replace('/problem+json', '/json'),
        sniffing: headers['x-content-type-options'],
        strangers: await strangersOn(page, address),
      };
    }
    const expected = addresses().map((address) => [
      address,
      {
        type: /^\/(?:metrics|-)/.test(address) ? 'text/plain' : 'application/json',
        sniffing: 'nosniff',
        strangers: [],
      },
    ]);
    expect(shown).toEqual(Object.fromEntries(expected));
    await page.close();
  });

  it('shows the stored texts as they were stored', async () => {
    const { stage, page } = hosted;
    await page.goto(`${stage.url}/api/v3/inbox?limit=500`);
    const { items } = JSON.parse((await page.locator('pre').textContent()) ?? '') as {
      items: { title: string }[];
    };
    expect(items.map(({ title }) => title)).toEqual(
      expect.arrayContaining([hostile('script'), hostile('controls'), hostile('long'), hostile('emoji')]),
    );
  });

  it('is saved under a name of ours', async () => {
    const { stage, page } = hosted;
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.evaluate(
        (address) => void location.assign(address),
        `${stage.url}/api/v3/audit/export?actor=${image}`,
      ),
    ]);
    expect(download.suggestedFilename()).toBe('audit.ndjson');
  });

  it('is text where the API documents try a call out', async () => {
    const { stage, page } = hosted;
    const document = `data:application/json,{"openapi":"3.1.0","info":{"title":"${image}","version":"1"}}`;
    const query = `url=${encodeURIComponent(document)}&configUrl=${encodeURIComponent(document)}`;
    await page.goto(`${stage.url}/api/docs/?${query}&urls.primaryName=${image}#/${hostile('image-slashes')}`);
    await page.goto(`${stage.url}/api/docs/?${query}`);
    await page.getByText('Tocsin API').first().waitFor();
    const operation = page.locator('.opblock', { hasText: 'List the services one may see' }).first();
    await operation.locator('button.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .highlight-code');
    await expect
      .poll(() => answer.first().textContent(), { timeout: PATIENCE_MS })
      .toContain(JSON.stringify(hostile('svg-script')).slice(1, -1));
    expect(await strangersOn(page, 'API documents')).toEqual([]);
  });

  it('is nothing on the page of the errors', async () => {
    const { stage, page } = hosted;
    await page.goto(`${stage.url}/docs/errors?code=${image}#${hostile('image')}`);
    await page.getByRole('heading', { name: 'Errors of the Tocsin API' }).waitFor();
    expect(await strangersOn(page, 'errors')).toEqual([]);
  });
});
