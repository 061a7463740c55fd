/** The settings of HTTP itself, and what must be given together. */
import { z } from 'zod';
import { PRIVATE_NETWORKS } from './lib/network.ts';
import { type PairFault, pairFault } from './lib/tls-pair.ts';
import { list, path, port, wholeNumber } from './setting-kinds.ts';

export const HTTP_SETTINGS = {
  /** PEM, the server's own certificate first; with it and its key PORT speaks HTTPS. */
  TLS_CERT_FILE: path.optional(),
  TLS_KEY_FILE: path.optional(),
  /** MQTT with TLS, when there is a certificate; 0 switches it off. */
  MQTTS_PORT: port.default(8883),
  /** Web pages of other servers that may use API v3; none by default. */
  CORS_ORIGINS: list
    .pipe(z.array(z.string().refine(isOrigin, 'must list origins like https://console.example.org, no *')))
    .default([]),
  /** Requests per minute, for all nodes together; 0: no limit. */
  RATE_LIMIT_ADDRESS: wholeNumber.default(1_200),
  /** As much as a key: programs publish with the logins and keys of persons too. */
  RATE_LIMIT_USER: wholeNumber.default(60_000),
  RATE_LIMIT_KEY: wholeNumber.default(60_000),
  /** Addresses that RATE_LIMIT_ADDRESS does not count. */
  RATE_LIMIT_EXEMPT: list
    .transform((entries) => (entries.join() === 'none' ? [] : entries))
    .default([...PRIVATE_NETWORKS]),
};

export const HTTP_FILES = ['TLS_CERT_FILE', 'TLS_KEY_FILE'] as const;

export type HttpSettings = z.infer<z.ZodObject<typeof HTTP_SETTINGS>>;

type Files = Readonly<Partial<Record<(typeof HTTP_FILES)[number], string>>>;

const FILE_OF: Readonly<Record<PairFault['of'], string>> = { cert: 'TLS_CERT_FILE', key: 'TLS_KEY_FILE' };

function isOrigin(text: string): boolean {
  return /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** One sentence per mistake; `now` in ms since the epoch. */
export function httpMistakes(settings: HttpSettings, files: Files, now: number): string[] {
  return tlsMistakes(settings, files, now);
}

function tlsMistakes(settings: HttpSettings, files: Files, now: number): string[] {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = settings;
  if (Boolean(certFile) !== Boolean(keyFile)) {
    const missing = certFile ? 'TLS_KEY_FILE' : 'TLS_CERT_FILE';
    return [`${missing}: the certificate and its key are given together`];
  }
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = files;
  if (cert === undefined || key === undefined) return [];
  const fault = pairFault({ cert, key }, now);
  return fault ? [`${FILE_OF[fault.of]}: ${fault.says}`] : [];
}
