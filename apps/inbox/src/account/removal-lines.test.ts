import { expect, test } from 'vitest';
import type { Removal } from '../api/types.ts';
import { en } from '../texts/en.ts';
import { removalLines } from './removal-lines.ts';

const nothing: Removal = {
  username: 'anna',
  devices: 0,
  subscriptions: 0,
  logins: 0,
  keys: 0,
  inboxEntries: 0,
  unread: 0,
  groups: [],
  services: [],
  isLastAdministrator: false,
  needsPassword: true,
  stays: [],
};

test('what there is none of is not mentioned', () => {
  expect(removalLines(nothing, en.deletion)).toEqual([]);
});

test('the rest is counted and named, and services only when nobody else owns them', () => {
  const services = [
    { id: '1', category: 'Doors', isOnlyOwner: true },
    { id: '2', category: 'Pumps', isOnlyOwner: false },
  ];
  const lines = removalLines(
    { ...nothing, inboxEntries: 1, devices: 2, groups: ['Night shift'], services },
    en.deletion,
  );
  expect(lines).toEqual([
    en.deletion.inbox(1, 0),
    en.deletion.devices(2),
    en.deletion.groups('Night shift'),
    en.deletion.services('Doors'),
  ]);
});
