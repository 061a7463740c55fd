import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeWebPushService, startFakeWebPushService } from './index.ts';
import { webPushLibrary } from './oracles.ts';

let service: FakeWebPushService;
const vapid = webPushLibrary.generateVAPIDKeys();

beforeAll(async () => {
  service = await startFakeWebPushService({ http1: true });
});

afterAll(() => service.close());

/** What the `web-push` library would send, changed by the test. */
function post(
  changes: { headers?: Record<string, string | undefined>; body?: Buffer; subject?: string } = {},
) {
  const { address, p256dh, auth } = service.subscribe(vapid.publicKey);
  const details = webPushLibrary.generateRequestDetails(
    { endpoint: address, keys: { p256dh, auth } },
    '{"n":1}',
    {
      TTL: 60,
      topic: 'topic',
      urgency: 'high',
      vapidDetails: { subject: changes.subject ?? 'mailto:admin@example.org', ...vapid },
    },
  );
  const all = Object.entries({ ...details.headers, ...changes.headers });
  const headers = Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  const body = changes.body ?? details.body;
  return new Promise<number>((resolve, reject) => {
    const options = {
      method: 'POST',
      ca: service.ca,
      headers: { ...headers, 'Content-Length': body.length },
    };
    const sending = request(address, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

describe('the fake push service', () => {
  it('takes and reads what the web-push library sends', async () => {
    expect(await post()).toBe(201);
    expect(service.received.at(-1)?.json).toEqual({ n: 1 });
  });

  it.each([
    ['without TTL', { headers: { TTL: undefined } }, 400, 'MissingTTL'],
    ['with a TTL that is no number', { headers: { TTL: 'soon' } }, 400, 'MissingTTL'],
    ['with a topic of 33 characters', { headers: { Topic: 'x'.repeat(33) } }, 400, 'InvalidTopic'],
    ['with a topic outside base64url', { headers: { Topic: 'a=b' } }, 400, 'InvalidTopic'],
    ['with two urgencies', { headers: { Urgency: 'low,high' } }, 400, 'InvalidUrgency'],
    ['of the old encoding', { headers: { 'Content-Encoding': 'aesgcm' } }, 400, 'InvalidContentEncoding'],
    ['without VAPID', { headers: { Authorization: undefined } }, 401, 'MissingVapid'],
    ['from a contact on localhost', { subject: 'mailto:x@localhost' }, 403, 'BadJwtToken'],
    ['over 4,096 bytes', { body: Buffer.alloc(4_097) }, 413, 'PayloadTooLarge'],
    ['too short to be encrypted', { body: Buffer.alloc(50) }, 400, 'BodyTooShort'],
    ['without a sender key', { body: Buffer.alloc(200) }, 400, 'InvalidKeyId'],
  ])('refuses a message %s', async (_name, changes, status, reason) => {
    expect(await post(changes)).toBe(status);
    expect(service.refusals.at(-1)).toBe(reason);
  });

  it('refuses a signature made with another key', async () => {
    const other = webPushLibrary.generateVAPIDKeys();
    const own = webPushLibrary.generateRequestDetails({ endpoint: service.origin, keys: keysOf() }, '{}', {
      vapidDetails: { subject: 'mailto:admin@example.org', ...other },
    });
    const token = /t=([^,]+)/.exec(String(own.headers.Authorization))?.[1];
    expect(await post({ headers: { Authorization: `vapid t=${token}, k=${vapid.publicKey}` } })).toBe(403);
    expect(service.refusals.at(-1)).toBe('BadJwtToken');
  });

  it('refuses a token for another origin', async () => {
    const own = webPushLibrary.generateRequestDetails(
      { endpoint: 'https://other.example.org', keys: keysOf() },
      '{}',
      {
        vapidDetails: { subject: 'mailto:admin@example.org', ...vapid },
      },
    );
    expect(await post({ headers: { Authorization: String(own.headers.Authorization) } })).toBe(403);
    expect(service.refusals.at(-1)).toBe('InvalidAudience');
  });
});

function keysOf() {
  const { p256dh, auth } = service.subscribe();
  return { p256dh, auth };
}
