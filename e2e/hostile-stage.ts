/** A server whose every field holds hostile texts, and a Chromium that is watched for what they do. */
import type { Page } from 'playwright-core';
import { type Chromium, launchChromium } from './chromium.ts';
import { createPlanter, type Person, type Planter, plantPerson } from './plant.ts';
import { type Stage, startStage } from './stage.ts';
import { strangers, watch } from './watch.ts';

export interface HostileStage {
  readonly stage: Stage;
  readonly browser: Chromium;
  readonly page: Page;
  readonly planter: Planter;
  readonly person: Person;
  /** What a stored text made the browser do since the last call. */
  incidents(): string[];
  close(): Promise<void>;
}

/** So far only the person is planted. */
export async function startHostileStage(executablePath: string): Promise<HostileStage> {
  const stage = await startStage();
  const browser = await launchChromium(stage, executablePath);
  const found = await watch(browser.context, stage.url);
  const page = await browser.context.newPage();
  const planter = createPlanter(stage);
  const person = await plantPerson(planter);
  return {
    stage,
    browser,
    page,
    planter,
    person,
    incidents: () => found.splice(0),
    async close() {
      await browser.close();
      await stage.close();
    },
  };
}

export async function signIn(page: Page, stage: Stage, person: Person): Promise<void> {
  await page.goto(stage.url);
  await page.getByLabel('User name').fill(person.username);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('tab', { name: 'Messages' }).waitFor();
}

/** Strange elements on the page, behind the name of where it was. */
export async function strangersOn(page: Page, where: string): Promise<string[]> {
  return (await page.evaluate(strangers)).map((stranger) => `${where}: ${stranger}`);
}
