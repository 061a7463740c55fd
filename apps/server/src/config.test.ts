import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newCertificate } from '@tocsin/push/testing';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';

const directory = mkdtempSync(join(tmpdir(), 'tocsin-config-'));
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const mistakesOf = (
  environment: Record<string, string>,
  args: string[] = [],
  now = Date.now(),
): readonly string[] => {
  try {
    loadConfig(args, environment, now);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
};

describe('the configuration', () => {
  it('starts with nothing set', () => {
    const config = loadConfig([], {});
    expect(config).toMatchObject({
      PORT: 8080,
      MQTT_PORT: 1883,
      FIRST_LOGIN_STATUS: 201,
      HTTP2_CLIENT: 'core',
    });
    expect([...config.roles]).toEqual(['api', 'worker', 'scheduler', 'broker']);
  });

  it('reads the same settings from a YAML file, flat or nested; the environment wins', () => {
    const yaml = file('a.yaml', 'PORT: 9000\nmqtt:\n  port: 1999\ntrusted_proxies: [10.0.0.1, 10.0.0.2]\n');
    const config = loadConfig([], { TOCSIN_CONFIG: yaml, PORT: '9001' });
    expect(config).toMatchObject({ PORT: 9001, MQTT_PORT: 1999, TRUSTED_PROXIES: ['10.0.0.1', '10.0.0.2'] });
  });

  it('reports all mistakes at once', () => {
    const yaml = file('b.yaml', 'colour: red\n');
    const mistakes = mistakesOf(
      {
        TOCSIN_CONFIG: yaml,
        PORT: 'x',
        APNS_ENVIRONMENT: 'moon',
        APNS_KEY_FILE: '/nowhere',
        APNS_KEY_ID: 'short',
        PUBLISH_NETWORKS: '10.0.0.0/99',
        WEBPUSH_ALLOW: 'push.lan, 10.0.0.0/33',
      },
      ['--role', 'api,cook', '--verbose'],
    );
    const text = mistakes.join('\n');
    const wrong = ['COLOUR', 'PORT', 'APNS_ENVIRONMENT', 'APNS_KEY_FILE', 'APNS_TEAM_ID', 'PUBLISH_NETWORKS'];
    for (const name of [...wrong, 'WEBPUSH_ALLOW', '"cook"', '--verbose']) expect(text).toContain(name);
    expect(mistakes.filter((mistake) => mistake.startsWith('APNS_KEY_ID'))).toHaveLength(1);
  });

  it('needs all parts of the Apple key, and a file that is one', () => {
    const key = file('k.p8', 'not a key');
    const text = mistakesOf({ APNS_KEY_FILE: key }).join('\n');
    for (const name of ['APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC', 'not a .p8'])
      expect(text).toContain(name);
    expect(mistakesOf({ APNS_KEY_FILE: '/nowhere/k.p8' }).join('\n')).toContain('ENOENT');
  });

  it('says what a service account file lacks', () => {
    const account = file('fcm.json', '{"project_id":"p"}');
    const text = mistakesOf({ FCM_SERVICE_ACCOUNT_FILE: account }).join('\n');
    expect(text).toContain('client_email');
    expect(text).toContain('private_key');
  });

  it.each([
    ['APNS_KEY_FILE', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'P-256'],
    ['APNS_CERT_FILE', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'both a certificate'],
    ['FCM_CA_FILE', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'not a certificate'],
  ])('refuses a %s that holds something else', (name, { privateKey }, words) => {
    const path = file('other.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect(mistakesOf({ [name]: path }).find((mistake) => mistake.startsWith(`${name}:`))).toContain(words);
  });

  it('needs what a way to sign in needs, and says when one would not be asked', () => {
    expect(mistakesOf({ AUTHENTICATION_METHODS: 'local, url' }).join()).toContain(
      'AUTHENTICATION_URL: is needed',
    );
    expect(mistakesOf({ AUTHENTICATION_METHODS: 'local,kerberos' }).join()).toContain(
      'AUTHENTICATION_METHODS',
    );
    const url = 'https://user:hunter2@example.org/check';
    const unused = mistakesOf({ AUTHENTICATION_URL: url }).join();
    expect(unused).toContain('would not be asked');
    expect(unused).not.toContain('hunter2');
    const config = loadConfig([], {
      AUTHENTICATION_METHODS: 'url,local',
      AUTHENTICATION_URL: url,
      ADMIN_USERS: 'Ada, bob',
    });
    expect(config.AUTHENTICATION_METHODS).toEqual(['url', 'local']);
    expect(config.ADMIN_USERS).toEqual(['ada', 'bob']);
  });

  it('needs all parts of the directory, one way to find people, and never repeats its password', () => {
    const ldap = { AUTHENTICATION_METHODS: 'ldap', LDAP_URL: 'ldaps://ldap.example.org' };
    expect(mistakesOf(ldap).join()).toContain('LDAP_BIND_TEMPLATE: give either');
    expect(mistakesOf({ AUTHENTICATION_METHODS: 'ldap' }).join()).toContain('LDAP_URL: is needed');
    const text = mistakesOf({
      ...ldap,
      LDAP_BIND_TEMPLATE: 'uid=ada,dc=example',
      LDAP_FILTER: '(uid=',
      LDAP_STARTTLS: 'maybe',
      LDAP_BIND_PASSWORD: 'hunter2',
    }).join('\n');
    for (const name of ['LDAP_BIND_TEMPLATE', 'LDAP_FILTER', 'LDAP_STARTTLS']) expect(text).toContain(name);
    const both = { ...ldap, LDAP_BASE_DN: 'dc=example', LDAP_BIND_PASSWORD: 'hunter2' };
    expect(mistakesOf(both).join()).toContain('LDAP_BIND_PASSWORD: LDAP_BIND_DN');
    expect(text + mistakesOf(both).join()).not.toContain('hunter2');
    const password = file('ldap-password', 'hunter2\n');
    const config = loadConfig([], {
      ...both,
      LDAP_BIND_PASSWORD: '',
      LDAP_BIND_PASSWORD_FILE: password,
      LDAP_BIND_DN: 'cn=reader,dc=example',
    });
    expect(config).toMatchObject({
      LDAP_BIND_PASSWORD: 'hunter2',
      LDAP_STARTTLS: true,
      LDAP_USERNAME_ATTRIBUTE: 'uid',
    });
  });

  it('needs the secret of OpenID Connect with its address', () => {
    const mistakes = mistakesOf({ OIDC_SERVER_URL: 'https://id.example.org' }).join();
    expect(mistakes).toContain('OIDC_CLIENT_SECRET');
  });

  it('needs a certificate together with the key that belongs to it, valid now', () => {
    const [one, other] = [newCertificate(), newCertificate()];
    const tls = (cert: string, key: string) => ({
      TLS_CERT_FILE: file('tls.crt', cert),
      TLS_KEY_FILE: file('tls.key', key),
    });
    expect(mistakesOf(tls(one.cert, one.key))).toEqual([]);
    expect(mistakesOf({ TLS_CERT_FILE: file('alone.crt', one.cert) }).join()).toContain('TLS_KEY_FILE: the');
    expect(mistakesOf({ TLS_KEY_FILE: file('alone.key', one.key) }).join()).toContain('TLS_CERT_FILE: the');
    expect(mistakesOf(tls(one.cert, other.key)).join()).toContain('TLS_KEY_FILE: does not belong');
    expect(mistakesOf(tls(one.key, one.key)).join()).toContain('TLS_CERT_FILE: is not a certificate');
    expect(mistakesOf(tls(one.cert, one.cert)).join()).toContain('TLS_KEY_FILE: is not a private key');
    const chain = `${one.cert}${other.cert.slice(0, 200)}`;
    expect(mistakesOf(tls(chain, one.key)).join()).toContain('TLS_CERT_FILE: cannot be used');
    const days = (count: number) => Date.now() + count * 86_400_000;
    expect(mistakesOf(tls(one.cert, one.key), [], days(3)).join()).toContain('TLS_CERT_FILE: expired on');
    expect(mistakesOf(tls(one.cert, one.key), [], days(-1)).join()).toContain('is not valid before');
  });

  it('takes exact origins for CORS, and no wildcard', () => {
    const origins = 'https://console.example.org, http://localhost:5173';
    expect(loadConfig([], { CORS_ORIGINS: origins }).CORS_ORIGINS).toEqual(origins.split(', '));
    for (const wrong of [
      '*',
      'null',
      'https://console.example.org/',
      'https://*.example.org',
      'console.example.org',
    ])
      expect(mistakesOf({ CORS_ORIGINS: wrong }).join(), wrong).toContain('CORS_ORIGINS');
  });

  it('takes secrets from NAME_FILE and never repeats them', () => {
    const secret = file('pw', 'correct horse battery\n');
    expect(loadConfig([], { TOCSIN_ADMIN_PASSWORD_FILE: secret }).TOCSIN_ADMIN_PASSWORD).toBe(
      'correct horse battery',
    );
    const mistakes = mistakesOf({ TOCSIN_ADMIN_PASSWORD: 'short1' }).join('\n');
    expect(mistakes).toContain('TOCSIN_ADMIN_PASSWORD');
    expect(mistakes).not.toContain('short1');
  });
});
