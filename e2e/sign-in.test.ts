/** Signing in at a real OpenID provider, in Chromium: there, back, and back without a login. */
import { createServer } from 'node:net';
import { ADMIN_PASSWORD, type ServerProcess, startServer } from '@tocsin/server/testing';
import { CLIENT, startOpenIdProvider, type TestProvider } from '@tocsin/server/testing/open-id';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browserPath } from './browsers.ts';
import { keepShifts, keepViolations } from './in-page.ts';
import { PATIENCE_MS } from './stage.ts';

const executablePath = browserPath('chromium');

/** The provider must know the address of a server that does not run yet. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

describe.skipIf(executablePath === null)('the sign-in page with an OpenID provider', () => {
  let origin: string;
  let provider: TestProvider;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    provider = await startOpenIdProvider({ redirectUris: [`${origin}/api/v3/sign-in/oidc/callback`] });
    provider.groups.set('Grace', ['operators']);
    server = await startServer({
      PORT: String(port),
      TOCSIN_PUBLIC_URL: origin,
      OIDC_SERVER_URL: provider.issuer,
      OIDC_CLIENT_SECRET: CLIENT.secret,
      OIDC_SCOPES: 'openid profile groups',
      OIDC_ADMIN_GROUP: 'operators',
      OIDC_LABEL: 'Example ID',
    });
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await provider?.stop();
  }, 60_000);
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(keepViolations);
    await page.addInitScript(keepShifts);
  });
  afterEach(() => page.close());

  const toProvider = () => page.getByRole('link', { name: 'Continue with Example ID' }).click();
  const signInThere = async (username: string) => {
    await page.locator('input[name=login]').fill(username);
    await page.locator('input[name=password]').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  const expectNothingOdd = async () => {
    expect(await page.evaluate(() => window.violations)).toEqual([]);
    expect(await page.evaluate(() => window.shift)).toBe(0);
  };

  it('leads to the provider and back to the same screen, signed in, with the role of the group', async () => {
    await page.goto(`${origin}/settings`);
    await toProvider();
    await signInThere('Grace');
    await page.waitForURL(`${origin}/settings`);
    await page.getByText('grace', { exact: true }).waitFor();
    await page.getByText('Administrator').waitFor();
    expect(await page.evaluate(() => localStorage.getItem('tocsin.session'))).not.toContain('token');
    await page.reload();
    await page.getByText('grace', { exact: true }).waitFor();
    await expectNothingOdd();
  });

  it('says in words that the person said no there, and nothing of it stays in the address', async () => {
    await page.goto(origin);
    await toProvider();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByText('You were not signed in').waitFor();
    expect(page.url()).toBe(`${origin}/`);
    await expectNothingOdd();
  });

  it('says that the name has its own password here, with which it signs in', async () => {
    await page.goto(origin);
    await toProvider();
    await signInThere('admin');
    await page.getByText('has its own password here').waitFor();
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(ADMIN_PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('tab', { name: 'Messages' }).waitFor();
  });
});
