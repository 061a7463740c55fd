/** A fake FCM HTTP v1 with its token endpoint, over the real wire, as strict as Google's. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from '../certificate.ts';
import { Http2Provider, type ProviderAnswer, type ProviderRequest } from '../provider/http2-provider.ts';
import { readJwt } from '../provider/jwt.ts';
import { type FcmMessage, faultOf } from './message.ts';

export interface ReceivedFcm extends FcmMessage {
  readonly requestId: string | undefined;
}

export interface FcmRefusal {
  readonly status: number;
  /** FcmError code; left out for answers that are not FCM's own. */
  readonly errorCode?: string;
  /** Google's status word. */
  readonly word?: string;
  /** Fields of a BadRequest detail. */
  readonly fields?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of JSON: the page of a load balancer. */
  readonly html?: string;
}

export interface FakeFcmOptions {
  readonly clock?: () => number;
  readonly record?: boolean;
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** Google takes an `iat` this far off. */
const CLOCK_SKEW_SECONDS = 300;
const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';

export class FakeFcm extends Http2Provider {
  readonly projectId = 'fake-project';
  readonly received: ReceivedFcm[] = [];
  readonly accepted = new Map<string, number>();
  readonly tags = new Map<string, Set<string>>();
  readonly complaints: string[] = [];
  /** How often an access token was fetched. */
  tokensGiven = 0;
  /** Another status than 200 is what the token endpoint answers instead of a token. */
  tokenStatus = 200;
  /** Life of the access tokens given, seconds. */
  tokenLifeSeconds = 3_599;
  /** Why assertions were refused. */
  readonly badAssertions: string[] = [];
  private readonly clock: () => number;
  private readonly record: boolean;
  private readonly privateKey: string;
  private readonly publicKey: KeyObject;
  /** Access tokens and when they end, ms since the epoch. */
  private readonly bearers = new Map<string, number>();
  private script: (token: string) => FcmRefusal | null = () => null;
  private tokenServer: Server | null = null;

  constructor(options: FakeFcmOptions) {
    super((request) => this.answerTo(request));
    this.clock = options.clock ?? Date.now;
    this.record = options.record ?? true;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    this.privateKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.publicKey = createPublicKey(privateKey);
  }

  /** What Google's console would give as a file. */
  get serviceAccount() {
    return {
      type: 'service_account',
      project_id: this.projectId,
      client_email: 'tocsin@fake-project.example',
      private_key: this.privateKey,
      private_key_id: 'fake-key',
      token_uri: this.tokenUri,
    };
  }

  get tokenUri(): string {
    return `https://localhost:${(this.tokenServer?.address() as AddressInfo | null)?.port ?? 0}/token`;
  }

  refuse(script: (token: string) => FcmRefusal | null): void {
    this.script = script;
  }

  /** As after a revocation: every access token given so far is invalid. */
  forgetTokens(): void {
    this.bearers.clear();
  }

  override async up(): Promise<void> {
    await super.up();
    if (this.tokenServer) return;
    const { cert, key } = selfSignedCertificate();
    const server = createServer({ cert, key }, (request, response) => {
      let form = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        form += part;
      });
      request.on('end', () => {
        const { status, body } = this.giveToken(new URLSearchParams(form));
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    this.tokenServer = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  override async close(): Promise<void> {
    this.tokenServer?.closeAllConnections();
    await new Promise((resolve) => (this.tokenServer ? this.tokenServer.close(resolve) : resolve(undefined)));
    await super.close();
  }

  private giveToken(form: URLSearchParams): { status: number; body: object } {
    if (this.tokenStatus !== 200)
      return { status: this.tokenStatus, body: { error: 'temporarily_unavailable' } };
    const problem = this.wrongAssertion(form);
    if (problem !== null) {
      this.badAssertions.push(problem);
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    const token = randomBytes(24).toString('base64url');
    const seconds = this.tokenLifeSeconds;
    this.bearers.set(token, this.clock() + seconds * 1_000);
    this.tokensGiven++;
    return { status: 200, body: { access_token: token, expires_in: seconds, token_type: 'Bearer' } };
  }

  /** RFC 7523 §3, and Google's own limits: an hour, one scope of ours, a clock that is right. */
  private wrongAssertion(form: URLSearchParams): string | null {
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return 'grant_type';
    const jwt = readJwt(form.get('assertion') ?? '', this.publicKey, 'RS256');
    if (!jwt) return 'signature';
    const { iss, aud, scope, iat, exp } = jwt.claims;
    const now = this.clock() / 1_000;
    if (iss !== this.serviceAccount.client_email) return 'iss';
    if (aud !== this.tokenUri) return 'aud';
    if (scope !== SCOPE) return 'scope';
    if (typeof iat !== 'number' || Math.abs(now - iat) > CLOCK_SKEW_SECONDS) return 'iat';
    return typeof exp === 'number' && exp > now && exp - iat <= 3_600 ? null : 'exp';
  }

  private answerTo(request: ProviderRequest): ProviderAnswer {
    const refusal = this.check(request);
    if (refusal) {
      this.complaints.push(`${refusal.status} ${refusal.word ?? refusal.errorCode ?? ''}`);
      return toAnswer(refusal);
    }
    const { message } = JSON.parse(request.body.toString()) as { message: FcmMessage };
    const scripted = this.script(message.token);
    if (scripted) return toAnswer(scripted);
    this.accepted.set(message.token, (this.accepted.get(message.token) ?? 0) + 1);
    this.tags.set(message.token, (this.tags.get(message.token) ?? new Set()).add(message.data?.tag ?? ''));
    if (this.record)
      this.received.push({ ...message, requestId: request.headers['x-request-id'] as string | undefined });
    const name = `projects/${this.projectId}/messages/${this.requests}`;
    return {
      status: 200,
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      // Printed with line breaks, as Google does.
      body: JSON.stringify({ name }, null, 2),
    };
  }

  private check(request: ProviderRequest): FcmRefusal | null {
    if (request.path !== `/v1/projects/${this.projectId}/messages:send`)
      return { status: 404, html: '<h1>404</h1>' };
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if ((this.bearers.get(bearer) ?? 0) <= this.clock()) return { status: 401, word: 'UNAUTHENTICATED' };
    const field = faultOf(request.body);
    return field === null
      ? null
      : { status: 400, errorCode: 'INVALID_ARGUMENT', word: 'INVALID_ARGUMENT', fields: [field] };
  }
}

function toAnswer({ status, errorCode, word, fields, headers, html }: FcmRefusal): ProviderAnswer {
  if (html !== undefined) return { status, headers: { 'content-type': 'text/html', ...headers }, body: html };
  const details = [
    ...(errorCode ? [{ '@type': FCM_ERROR, errorCode }] : []),
    ...(fields
      ? [
          {
            '@type': BAD_REQUEST,
            fieldViolations: fields.map((field) => ({ field, description: 'Invalid value' })),
          },
        ]
      : []),
  ];
  const error = { code: status, message: 'words that may change', status: word ?? errorCode ?? '', details };
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify({ error }),
  };
}

export async function startFakeFcm(options: FakeFcmOptions = {}): Promise<FakeFcm> {
  const fake = new FakeFcm(options);
  await fake.up();
  return fake;
}
