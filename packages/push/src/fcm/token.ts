/**
 * Google's access token: a service-account assertion (RFC 7523, RS256) exchanged for a bearer token of about an hour.
 * Fetched once for all who wait, renewed early, and its failure is nobody else's.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../clock.ts';
import { type FcmConfig, REQUEST_TIMEOUT_MS, SCOPE, TOKEN_URI } from './config.ts';

export interface AccessToken {
  /** Rejects with the reason when Google gives none. */
  get(): Promise<string>;
  /** Google called it invalid: the next `get` fetches another. */
  drop(): void;
}

const RENEW_EARLY_MS = 5 * 60_000;
const LARGEST_ANSWER_BYTES = 64 * 1_024;

export function createAccessToken(config: FcmConfig, clock: Clock): AccessToken {
  const privateKey = createPrivateKey(config.account.private_key);
  let token = '';
  let expiresAt = 0;
  let fetching: Promise<string> | null = null;

  const fetchToken = async () => {
    const answer = await exchange(config, assertion(config, privateKey, clock()));
    token = answer.access_token;
    expiresAt = clock() + answer.expires_in * 1_000;
    return token;
  };
  return {
    async get() {
      if (token !== '' && clock() < expiresAt - RENEW_EARLY_MS) return token;
      fetching ??= fetchToken().finally(() => {
        fetching = null;
      });
      return fetching;
    },
    drop() {
      token = '';
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

function post(url: URL, form: string, ca: string | undefined): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(form),
      },
      timeout: REQUEST_TIMEOUT_MS,
      ...(ca !== undefined && { ca }),
    });
    request.on('timeout', () => request.destroy(new Error('Google did not answer in time')));
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
        if (body.length > LARGEST_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end(form);
  });
}
