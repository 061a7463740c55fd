/**
 * Google's access token: a service-account assertion (RFC 7523, RS256) exchanged for a bearer token of about an hour.
 * Fetched once for all who wait, renewed early, and its failure is nobody else's.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../clock.ts';
import { type FcmConfig, SCOPE, TOKEN_TIMEOUT_MS, TOKEN_URI } from './config.ts';

export interface AccessToken {
  /** Rejects with the reason when Google gives none. */
  get(): Promise<string>;
  /** Google called `token` invalid: the next `get` fetches another, unless that has happened already. */
  drop(token: string): void;
}

/** Renewed this long before its end, or half of its life when that is shorter. */
const RENEW_EARLY_MS = 5 * 60_000;
const LARGEST_ANSWER_BYTES = 64 * 1_024;

/** Throws when the account's private key is not one. */
export function createAccessToken(config: FcmConfig, clock: Clock): AccessToken {
  const privateKey = createPrivateKey(config.account.private_key);
  let current = '';
  let renewAt = 0;
  let fetching: Promise<string> | null = null;

  const fetchToken = async () => {
    const answer = await exchange(config, assertion(config, privateKey, clock()));
    const lifeMs = answer.expires_in * 1_000;
    current = answer.access_token;
    renewAt = clock() + lifeMs - Math.min(RENEW_EARLY_MS, lifeMs / 2);
    return current;
  };
  return {
    async get() {
      if (current !== '' && clock() < renewAt) return current;
      fetching ??= fetchToken().finally(() => {
        fetching = null;
      });
      return fetching;
    },
    drop(token) {
      if (token === current) current = '';
    },
  };
}

function assertion({ account }: FcmConfig, key: ReturnType<typeof createPrivateKey>, now: number): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(now / 1_000);
  const header = { alg: 'RS256', typ: 'JWT', ...(account.private_key_id && { kid: account.private_key_id }) };
  const claims = {
    iss: account.client_email,
    scope: SCOPE,
    aud: account.token_uri ?? TOKEN_URI,
    iat: seconds,
    exp: seconds + 3_600,
  };
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

interface Answer {
  readonly access_token: string;
  readonly expires_in: number;
}

async function exchange(config: FcmConfig, jwt: string): Promise<Answer> {
  const url = new URL(config.account.token_uri ?? TOKEN_URI);
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: jwt,
  });
  const { status, body } = await post(url, form.toString(), config.ca);
  const answer = parse(body);
  if (status !== 200 || typeof answer.access_token !== 'string') {
    throw new Error(
      `Google gave no access token: ${typeof answer.error === 'string' ? answer.error : `status ${status}`}`,
    );
  }
  return {
    access_token: answer.access_token,
    expires_in: typeof answer.expires_in === 'number' ? answer.expires_in : 3_600,
  };
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    // An error page: the status says enough.
    return {};
  }
}

/** Rejects when the whole exchange takes longer than `TOKEN_TIMEOUT_MS`, however slowly bytes still arrive. */
function post(url: URL, form: string, ca: string | undefined): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(form),
      },
      ...(ca !== undefined && { ca }),
    });
    const late = setTimeout(
      () => request.destroy(new Error('Google gave no access token in time')),
      TOKEN_TIMEOUT_MS,
    );
    request.on('close', () => clearTimeout(late));
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
        if (body.length > LARGEST_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end(form);
  });
}
