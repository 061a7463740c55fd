/** `/docs/errors`: where the `type` of every problem points to. */
import { ERRORS } from '@tocsin/contract';
import type { FastifyPluginAsync } from 'fastify';

const asHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const withCode = (text: string) => asHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const PAGE = [
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
  '<title>Errors of the Tocsin API</title><h1>Errors of the Tocsin API</h1>',
  ...Object.entries(ERRORS).map(
    ([code, { status, title, advice }]) =>
      `<section id="${code}"><h2><code>${code}</code> (${status})</h2><p>${withCode(title)}.</p><p>${withCode(advice)}</p></section>`,
  ),
  '</html>',
].join('\n');

export const errorsPage: FastifyPluginAsync = async (http) => {
  http.get('/docs/errors', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
      .send(PAGE),
  );
};
