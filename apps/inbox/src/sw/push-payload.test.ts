import fc from 'fast-check';
import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { clickTarget } from './click.ts';
import { presentPush } from './present.ts';
import { parsePush } from './push-payload.ts';

const NOW = 1_000;
const full = {
  id: 42,
  uuid: '00000000-0000-4000-8000-000000000042',
  title: 'Smoke',
  subtitle: 'Sensor 14',
  body: 'Leave the building',
  url: 'https://example.org',
  service: '00000000-0000-4000-8000-000000000001',
  serviceName: 'Fire alarm',
  color: 'd7263d',
  priority: 'critical',
  badge: 3,
  receipt: 'token',
  tag: 'fire-14',
  timestamp: 1_700_000_000_000,
  actions: [{ id: 'map', title: 'Show on map', url: 'https://example.org/map' }],
  data: { sensor: '14' },
};
const shownFor = (payload: object) => presentPush(parsePush(JSON.stringify(payload), NOW), en, NOW);

test('everything the server says is shown', () => {
  const { title, options } = shownFor(full);
  expect(title).toBe('Smoke');
  expect(options).toMatchObject({
    body: 'Sensor 14\nLeave the building',
    tag: 'fire-14',
    timestamp: 1_700_000_000_000,
    actions: [{ action: 'map', title: 'Show on map' }],
    requireInteraction: true,
    silent: false,
    data: { id: 42, path: '/messages/42', receipt: 'token' },
  });
});

test('a repeat carries the same tag, so that it replaces what is on the screen', () => {
  expect(shownFor({ ...full, tag: '' }).options.tag).toBe(full.uuid);
  expect(shownFor({ id: 42 }).options.tag).toBe('message-42');
});

test.each(['', 'hello', '[]', 'null', '7', '{}', '{"title":""}', '{"id":-1}', '{"id":"42"}'])(
  '%j cannot be read and is shown as a new message',
  (json) => {
    const payload = parsePush(json, NOW);
    expect(payload).toBeNull();
    const { title, options } = presentPush(payload, en, NOW);
    expect(title).toBe(en.notification.title);
    expect(options.data).toMatchObject({ path: '/messages', receipt: '' });
  },
);

test('fields of the wrong kind are as if they were not there', () => {
  const { title, options } = shownFor({
    ...full,
    title: 7,
    subtitle: null,
    body: {},
    badge: 'x',
    timestamp: 'x',
    actions: [null, { id: 'a' }, 3],
  });
  expect(title).toBe('Fire alarm');
  expect(options).toMatchObject({ body: '', timestamp: NOW, actions: [] });
});

test('whatever is pushed, something with a title is shown', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.record({ title: fc.jsonValue() }).map((value) => JSON.stringify(value)),
      ),
      (pushed) => {
        expect(presentPush(parsePush(pushed, NOW), en, NOW).title).not.toBe('');
      },
    ),
  );
});

test('a click leads to the message, an action to its own address', () => {
  const { data } = shownFor(full).options;
  expect(clickTarget(data, '')).toEqual({ path: '/messages/42' });
  expect(clickTarget(data, 'map')).toEqual({ url: 'https://example.org/map' });
  expect(clickTarget(data, 'unknown')).toEqual({ path: '/messages/42' });
});

test.each([
  'javascript:alert(1)',
  ' JaVa\tScRiPt:alert(1)',
  'data:text/html,x',
  '//evil.example',
  'https://[',
])('an action whose address is %j leads to the message', (url) => {
  const { data } = shownFor({ ...full, actions: [{ id: 'x', title: 'X', url }] }).options;
  expect(clickTarget(data, 'x')).toEqual({ path: '/messages/42' });
});
