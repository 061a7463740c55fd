import { describe, expect, it } from 'vitest';
import { ACCEPTED, gone, type Outcome, refused, retry } from '../outcome.ts';
import { type Remedy, readAnswer } from './outcome.ts';

const park = (reason: string) => retry(reason, null, 'provider');
const body = (value: object) => Buffer.from(JSON.stringify(value));

const REFUSED: readonly (readonly [number, string])[] = [
  [400, 'BadCollapseId'],
  [400, 'BadExpirationDate'],
  [400, 'BadMessageId'],
  [400, 'BadPriority'],
  [400, 'DeviceTokenNotForTopic'],
  [400, 'DuplicateHeaders'],
  [400, 'InvalidPushType'],
  [400, 'MissingDeviceToken'],
  [400, 'PayloadEmpty'],
  [404, 'BadPath'],
  [405, 'MethodNotAllowed'],
];
const PARKED: readonly (readonly [number, string])[] = [
  [400, 'BadTopic'],
  [400, 'MissingTopic'],
  [400, 'TopicDisallowed'],
  [403, 'BadCertificate'],
  [403, 'BadCertificateEnvironment'],
  [403, 'BadEnvironmentKeyIdInToken'],
  [403, 'Forbidden'],
  [403, 'InvalidProviderToken'],
  [403, 'MissingProviderToken'],
  [403, 'UnrelatedKeyIdInToken'],
];
const OTHERS: readonly (readonly [number, string, Outcome, Remedy])[] = [
  [400, 'BadDeviceToken', gone('BadDeviceToken'), 'suspect'],
  [400, 'IdleTimeout', retry('IdleTimeout'), 'reconnect'],
  [403, 'ExpiredProviderToken', park('ExpiredProviderToken'), 'new-token'],
  [410, 'Unregistered', gone('Unregistered'), 'none'],
  [410, 'ExpiredToken', gone('ExpiredToken'), 'none'],
  [413, 'PayloadTooLarge', refused('PayloadTooLarge'), 'shorten'],
  [429, 'TooManyRequests', retry('TooManyRequests', 60_000), 'none'],
  [
    429,
    'TooManyProviderTokenUpdates',
    retry('TooManyProviderTokenUpdates', 20 * 60_000, 'provider'),
    'keep-token',
  ],
  [500, 'InternalServerError', retry('InternalServerError'), 'none'],
  [503, 'ServiceUnavailable', retry('ServiceUnavailable'), 'none'],
  [503, 'Shutdown', retry('Shutdown'), 'reconnect'],
];

describe("Apple's table of reasons", () => {
  it.each(REFUSED)('%i %s refuses this delivery and keeps the address', (status, reason) => {
    expect(readAnswer(status, body({ reason }), null)).toEqual({ outcome: refused(reason), remedy: 'none' });
  });

  it.each(PARKED)('%i %s is our set-up: the provider is parked', (status, reason) => {
    expect(readAnswer(status, body({ reason }), null)).toEqual({ outcome: park(reason), remedy: 'none' });
  });

  it.each(OTHERS)('%i %s', (status, reason, outcome, remedy) => {
    expect(readAnswer(status, body({ reason }), null)).toEqual({ outcome, remedy });
  });

  it('hands on since when a token is dead', () => {
    const answer = readAnswer(410, body({ reason: 'Unregistered', timestamp: 1_700_000_000_000 }), null);
    expect(answer.outcome).toEqual(gone('Unregistered', 1_700_000_000_000));
  });

  it('waits as long as Retry-After says', () => {
    expect(readAnswer(503, body({ reason: 'ServiceUnavailable' }), 7_000).outcome).toEqual(
      retry('ServiceUnavailable', 7_000),
    );
  });

  it.each([
    [400, refused('Newer')],
    [403, park('Newer')],
    [429, retry('Newer', 60_000)],
    [500, retry('Newer')],
  ])('%i with a reason it does not know costs no address', (status, outcome) => {
    expect(readAnswer(status, body({ reason: 'Newer' }), null).outcome).toEqual(outcome);
  });

  it.each(['', 'null', '[]', '{"reason":5}', '<html>'])('blames no device for a body like %s', (text) => {
    for (const status of [400, 403, 404, 410]) {
      expect(readAnswer(status, Buffer.from(text), null).outcome).toEqual(park(`status ${status}`));
    }
  });

  it('is not asked for what was taken', () => {
    expect(readAnswer(200, Buffer.alloc(0), null).outcome).toBe(ACCEPTED);
  });

  it('has no row of its own for the names every object has', () => {
    expect(readAnswer(400, body({ reason: 'constructor' }), null).outcome).toEqual(refused('constructor'));
  });
});
