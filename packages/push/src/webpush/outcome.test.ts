import { describe, expect, it } from 'vitest';
import { ACCEPTED, gone, refused, retry } from '../outcome.ts';
import { readAnswer } from './outcome.ts';

const read = (status: number, body = '', retryAfterMs: number | null = null) =>
  readAnswer(status, Buffer.from(body), retryAfterMs);

describe('a push service’s answer', () => {
  it.each([200, 201, 202, 204])('%i is accepted', (status) => {
    expect(read(status)).toBe(ACCEPTED);
  });

  it.each([404, 410])('%i means that the subscription is gone', (status) => {
    expect(read(status)).toEqual(gone(`status ${status}`));
  });

  it.each([401, 403])('%i blames our key, not the subscription', (status) => {
    expect(read(status, '{"reason":"BadJwtToken"}')).toEqual(refused(`vapid: status ${status} BadJwtToken`));
  });

  it('413 asks for a shorter message', () => {
    expect(read(413)).toBe('too-large');
  });

  it('429 waits as long as it is told, a minute when it is not', () => {
    expect(read(429, '', 5_000)).toEqual(retry('status 429', 5_000));
    expect(read(429)).toEqual(retry('status 429', 60_000));
  });

  it.each([500, 502, 503, 504, 599])('%i is tried again and never costs the subscription', (status) => {
    expect(read(status, '', 7_000)).toEqual(retry(`status ${status}`, 7_000));
    expect(read(status)).toEqual(retry(`status ${status}`));
  });

  it.each([301, 302, 307, 308, 400, 405, 418])('%i is refused', (status) => {
    expect(read(status)).toEqual(refused(`status ${status}`));
  });

  it('is told in the service’s own words: Apple’s reason, Mozilla’s message, Google’s text', () => {
    expect(read(400, '{"code":400,"errno":111,"message":"Missing TTL"}')).toEqual(
      refused('status 400 Missing TTL'),
    );
    expect(read(400, 'UnauthorizedRegistration\n')).toEqual(refused('status 400 UnauthorizedRegistration'));
    expect(read(400, '{not json')).toEqual(refused('status 400 {not json'));
    expect(read(400, '{"errno":111}')).toEqual(refused('status 400'));
  });

  it('may come with a proxy’s HTML page, which says nothing', () => {
    expect(read(502, ' <!doctype html><h1>Bad gateway</h1>')).toEqual(retry('status 502'));
  });
});
