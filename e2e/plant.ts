/** Puts hostile texts into every field of the API that takes one, and remembers what was sent where. */
import { generateKeyPairSync } from 'node:crypto';
import mqtt from 'mqtt';
import { expect } from 'vitest';
import { fitting, HOSTILE_TEXTS, hostile } from './hostile-texts.ts';
import type { Stage } from './stage.ts';
import { type TextField, valuesAt } from './text-fields.ts';

interface Sent {
  /** As in `TextField`. */
  readonly route: string;
  readonly body: unknown;
}

type Params = Readonly<Record<string, string | number>>;

export interface Planter {
  /** Sends `body` to a route as the document writes it, `/services/{serviceId}`; resolves with the answer. */
  send<Answer = unknown>(route: string, params: Params, body: object): Promise<Answer>;
  /** Whether a hostile text was sent in that field, and taken. */
  isPlanted(field: TextField): boolean;
}

/** Sends as the first administrator. */
export function createPlanter(stage: Stage): Planter {
  const sent: Sent[] = [];
  const texts = new Set(HOSTILE_TEXTS.map(({ text }) => text));
  return {
    async send<Answer>(route: string, params: Params, body: object) {
      const [version, method, path = ''] = route.split(' ');
      const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => String(params[name]));
      const response = await fetch(`${stage.url}/api/${version}${filled}`, {
        method: method ?? '',
        headers: {
          authorization: stage.authorization,
          'content-type': 'application/json',
          'user-agent': hostile('image'),
        },
        body: JSON.stringify(body),
      });
      const answer = await response.text();
      expect(response.status, `${route}: ${answer}`).toBeLessThan(300);
      sent.push({ route, body });
      return (answer === '' ? null : JSON.parse(answer)) as Answer;
    },
    isPlanted: ({ route, steps }) =>
      sent.some(
        (one) => one.route === route && valuesAt(one.body, steps).some((value) => texts.has(String(value))),
      ),
  };
}

export interface Person {
  readonly id: number;
  readonly username: string;
  readonly password: string;
}

/** Somebody with a hostile name, who sees all that administrators see. */
export async function plantPerson(planter: Planter): Promise<Person> {
  const login = { username: hostile('image'), password: 'long enough' };
  const { id } = await planter.send<{ id: number }>('v3 POST /users', {}, { ...login, isAdmin: true });
  await planter.send('v3 POST /sessions', {}, { ...login, device: hostile('svg') });
  return { id, ...login };
}

/** A service per hostile text, all meant for everybody; their ids, in the order of the texts. */
export async function plantServices(planter: Planter): Promise<readonly string[]> {
  const services = HOSTILE_TEXTS.map(({ text }) => {
    const name = fitting(text, 256);
    const service = { category: name, owner: name, color: '1f4e8c', isMandatory: true };
    return planter.send<{ id: string }>('v3 POST /services', {}, service);
  });
  const ids = (await Promise.all(services)).map(({ id }) => id);
  const [category, owner] = [hostile('svg'), hostile('details')];
  await planter.send('v3 PATCH /services/{serviceId}', { serviceId: ids[0] ?? '' }, { category, owner });
  for (const version of ['v1', 'v2']) {
    const service = { category, owner, color: '1f4e8c' };
    const { id } = await planter.send<{ id: string }>(`${version} POST /services/`, {}, service);
    await planter.send(`${version} PATCH /services/{service_id}`, { service_id: id }, { category, owner });
  }
  return ids;
}

/** What is shown to administrators only, or to the programs of others. */
export async function plantTheRest(planter: Planter, serviceId: string): Promise<void> {
  const name = hostile('script');
  await planter.send('v3 POST /me/keys', {}, { name, scopes: ['read'] });
  await planter.send('v3 POST /services/{serviceId}/keys', { serviceId }, { name });
  const group = { name, source: 'ldap', externalName: hostile('svg-script') };
  const { id } = await planter.send<{ id: number }>('v3 POST /groups', {}, group);
  await planter.send('v3 PATCH /groups/{id}', { id }, { name: hostile('frame') });
  const device = { kind: 'fcm', address: hostile('no-scheme'), app: name, name };
  await planter.send('v3 POST /devices', {}, device);
  await plantInvited(planter, device);
  await planter.send('v1 POST /users/user/apn-token', {}, { apn_token: hostile('image') });
  await planter.send('v2 POST /users/user/device-token', {}, { device_token: hostile('svg') });
  await plantProviders(planter);
}

async function plantInvited(planter: Planter, register: object): Promise<void> {
  const invited = { username: hostile('svg') };
  const { code } = await planter.send<{ code: string }>('v3 POST /invitations', {}, invited);
  const use = { code, password: 'long enough', device: hostile('svg'), register };
  await planter.send('v3 POST /one-time-codes/use', {}, use);
}

async function plantProviders(planter: Planter): Promise<void> {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const p8 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem);
  const apns = { p8, keyId: 'ABCDEFGHIJ', teamId: 'ABCDEFGHIJ', topic: hostile('svg') };
  await planter.send('v3 PUT /providers/apns', {}, apns);
  const key = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export(pem);
  const google = { project_id: hostile('image'), client_email: hostile('svg'), private_key: key };
  await planter.send('v3 PUT /providers/fcm', {}, { serviceAccount: google });
}

/** Where the one action of every message leads that may be followed. */
export const harmlessPage = (stage: Stage, text: string) => `${stage.url}/docs/errors#${text}`;

/** Every field of a message, made of one text. */
function messageOf(stage: Stage, text: string) {
  const short = fitting(text, 64);
  return {
    title: text,
    subtitle: text,
    body: text,
    url: text,
    collapseKey: short,
    actions: [
      { id: short, title: short, url: text },
      { id: 'harmless', title: short, url: harmlessPage(stage, text) },
    ],
    data: { [short]: text },
  };
}

/** These also come by the older ways in, which end at the same table. */
const ALSO_OTHERWISE = ['script', 'double-quote', 'js-tab', 'right-to-left', 'emoji'].map(hostile);

/** A message per hostile text, and some by every other way in: how many. */
export async function plantMessages(
  stage: Stage,
  planter: Planter,
  person: Person,
  serviceIds: readonly string[],
): Promise<number> {
  const [firstId = ''] = serviceIds;
  const perText = HOSTILE_TEXTS.map(({ text }, index) => {
    const serviceId = serviceIds[index] ?? '';
    return planter.send('v3 POST /services/{serviceId}/notifications', { serviceId }, messageOf(stage, text));
  });
  const older = ['v1', 'v2'].flatMap((version) =>
    ALSO_OTHERWISE.map((text) => {
      const { title, subtitle, body, url, collapseKey } = messageOf(stage, text);
      const message = { title, subtitle, body, url, collapse_key: collapseKey };
      return planter.send(
        `${version} POST /services/{service_id}/notifications`,
        { service_id: firstId },
        message,
      );
    }),
  );
  const addressed = { ...messageOf(stage, hostile('image')), userIds: [person.id] };
  await Promise.all([...perText, ...older, planter.send('v3 POST /notifications', {}, addressed)]);
  await publishByMqtt(stage, firstId);
  return HOSTILE_TEXTS.length + 1 + 3 * ALSO_OTHERWISE.length;
}

async function publishByMqtt(stage: Stage, serviceId: string): Promise<void> {
  const client = await mqtt.connectAsync(`${stage.url.replace('http', 'ws')}/mqtt`, { protocolVersion: 4 });
  for (const text of ALSO_OTHERWISE) {
    const payload = JSON.stringify(messageOf(stage, text));
    await client.publishAsync(`tocsin/services/${serviceId}/notifications`, payload, { qos: 1 });
  }
  await client.endAsync();
}
