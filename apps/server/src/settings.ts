/** Every setting, its default and its rule. `config.ts` reads them from the environment and the YAML file. */
import { z } from 'zod';
import { HTTP_SETTINGS } from './http-settings.ts';
import { days, list, path, port, url } from './setting-kinds.ts';
import { SIGN_IN_SECRETS, SIGN_IN_SETTINGS } from './sign-in-settings.ts';

export const SETTINGS = z.object({
  HOST: z.string().default('0.0.0.0'),
  PORT: port.default(8080),
  ...HTTP_SETTINGS,
  /** 0 switches the TCP listener of the embedded broker off; WebSocket at /mqtt stays. */
  MQTT_PORT: port.default(1883),
  /** An external broker instead of the embedded one. */
  MQTT_URL: url('mqtt:', 'mqtts:', 'ws:', 'wss:').optional(),
  MQTT_USERNAME: z.string().optional(),
  MQTT_PASSWORD: z.string().optional(),
  TOCSIN_DATA_DIR: path.default('./data'),
  /** Keys of the secrets in the database; made at first start in the data directory. */
  TOCSIN_KEY_FILE: path.optional(),
  TOCSIN_ADMIN_PASSWORD: z.string().min(8).max(1024).optional(),
  /** Where people reach this server; used in links and in the printed curl. */
  TOCSIN_PUBLIC_URL: url('http:', 'https:').optional(),
  TOCSIN_NODE: z.string().min(1).max(64).optional(),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Proxies whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: list.default([]),
  /** From where services with the policy `network` take notifications without a login. Empty: loopback and private ranges. */
  PUBLISH_NETWORKS: list.default([]),
  /** 200 for the published iOS app, which takes 201 for a wrong password. */
  FIRST_LOGIN_STATUS: z.coerce
    .number()
    .pipe(z.union([z.literal(200), z.literal(201)], { error: 'must be 200 or 201' }))
    .default(201),
  ...SIGN_IN_SETTINGS,
  NOTIFICATION_RETENTION_DAYS: days.default(365),
  EVENT_RETENTION_DAYS: days.default(90),
  /** Of who did what. */
  AUDIT_RETENTION_DAYS: days.default(730),
  /** `node` puts Node's own HTTP/2 client under the transports instead of ours. */
  HTTP2_CLIENT: z.enum(['core', 'node']).default('core'),
  APNS_KEY_FILE: path.optional(),
  APNS_KEY_ID: z
    .string()
    .regex(/^[A-Z0-9]{10}$/, 'must be the 10 characters Apple shows beside the key')
    .optional(),
  APNS_TEAM_ID: z
    .string()
    .regex(/^[A-Z0-9]{10}$/, 'must be the 10 characters of the team id')
    .optional(),
  APNS_CERT_FILE: path.optional(),
  APNS_TOPIC: z.string().min(1).optional(),
  /** Where devices are looked for first that do not say their environment. */
  APNS_ENVIRONMENT: z.enum(['production', 'sandbox']).default('production'),
  APNS_URL: url('https:', 'http:').optional(),
  APNS_SANDBOX_URL: url('https:', 'http:').optional(),
  APNS_CA_FILE: path.optional(),
  FCM_SERVICE_ACCOUNT_FILE: path.optional(),
  FCM_URL: url('https:', 'http:').optional(),
  FCM_CA_FILE: path.optional(),
  WEBPUSH_SUBJECT: url('mailto:', 'https:').default('https://github.com/tocsin'),
  /** Hosts or networks on the LAN that push endpoints may point to; all other private addresses are refused. */
  WEBPUSH_ALLOW: list.default([]),
  WEBPUSH_CA_FILE: path.optional(),
  /** Hosts or networks on the LAN that another server's document may point to. */
  OUTSIDE_ALLOW: list.default([]),
});

export type Settings = z.infer<typeof SETTINGS>;

/** May also be given as NAME_FILE: the name of a file that holds the value. */
export const SECRET_SETTINGS = [
  'TOCSIN_ADMIN_PASSWORD',
  'DATABASE_URL',
  'MQTT_PASSWORD',
  ...SIGN_IN_SECRETS,
] as const;
