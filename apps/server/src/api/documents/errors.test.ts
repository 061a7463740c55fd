import { readFileSync } from 'node:fs';
import { ERRORS, problemType } from '@tocsin/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startV3Server, type V3Server } from '../../../test/v3-server.ts';

const CODES = Object.entries(ERRORS);

let server: V3Server;
beforeAll(async () => {
  server = await startV3Server();
});
afterAll(() => server.stop());

it('docs/errors.md lists every code with its status, meaning and what to do', () => {
  const text = readFileSync(new URL('../../../../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (.+?) \| (.+) \|$/gm)].map(
    ([, code, status, meaning, advice]) => [code, Number(status), meaning, advice],
  );
  expect(rows).toEqual(CODES.map(([code, { status, title, advice }]) => [code, status, title, advice]));
});

describe('the type of a problem', () => {
  it('is an address of this server', async () => {
    const answer = await server.call('GET', '/inbox');
    const { type } = answer.json as { type: string };
    expect(type).toBe(problemType('not-authenticated'));
    const page = await server.request('GET', type);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.text).toContain(`id="${type.split('#')[1]}"`);
  });

  it.each(CODES)('%s has its own place on the page, with what to do', async (code, { advice }) => {
    const { text } = await server.request('GET', '/docs/errors');
    const section = new RegExp(`<section id="${code}">.*?</section>`, 's').exec(text)?.[0] ?? '';
    const [firstWords = ''] = advice.split(/[`<"&]/);
    expect(section).toContain(firstWords);
  });
});
