/** A fake APNs over the real wire, as strict as Apple's: token, topic, headers, payload, size. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Http2Provider, type ProviderAnswer, type ProviderRequest } from '../provider/http2-provider.ts';
import { ProviderTokens } from './provider-tokens.ts';
import { type ApnsRefusal, wrongHeaders, wrongPath, wrongPayload } from './rules.ts';

export type { ApnsRefusal } from './rules.ts';

export interface ReceivedApns {
  readonly token: string;
  readonly apnsId: string;
  readonly collapseId: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came. */
  readonly text: string;
  readonly payload: { readonly aps: Readonly<Record<string, unknown>>; readonly [key: string]: unknown };
}

export interface FakeApnsOptions {
  readonly topic?: string;
  /** ms since the epoch, against which provider tokens are checked. */
  readonly clock?: () => number;
  /** Keep whole requests; off for big runs, which only count per token. */
  readonly record?: boolean;
  /** Client certificates instead of provider tokens. */
  readonly byCertificate?: boolean;
  /** Apple's other environment, which takes the same team's key. */
  readonly signer?: FakeApns;
}

export async function startFakeApns(options: FakeApnsOptions = {}): Promise<FakeApns> {
  const fake = new FakeApns(options);
  await fake.up();
  return fake;
}

export class FakeApns extends Http2Provider {
  readonly topic: string;
  readonly keyId = 'FAKEKEY001';
  readonly teamId = 'FAKETEAM01';
  /** The team's private key, PEM. */
  readonly p8: string;
  /** Everything that was accepted, oldest first. */
  readonly received: ReceivedApns[] = [];
  /** How often each token was accepted, and under which collapse identities. */
  readonly accepted = new Map<string, number>();
  readonly collapseIds = new Map<string, Set<string>>();
  /** Refusals by this fake's own rules. */
  readonly complaints: string[] = [];
  readonly tokens: ProviderTokens;
  private readonly given: FakeApnsOptions;
  private script: (token: string, request: ProviderRequest) => ApnsRefusal | null = () => null;

  constructor(options: FakeApnsOptions) {
    super(
      (request) => this.answerTo(request),
      // A connection shows who it is by its certificate, or by its first token.
      options.byCertificate
        ? { requestCert: true, rejectUnauthorized: false }
        : { oneStreamUntilTrusted: true },
    );
    this.given = options;
    this.topic = options.topic ?? 'org.example.tocsin';
    this.p8 = options.signer?.p8 ?? newKey();
    this.tokens = new ProviderTokens(createPublicKey(this.p8), this);
  }

  /** Decides what otherwise correct requests are answered; null is 200. */
  refuse(script: (token: string, request: ProviderRequest) => ApnsRefusal | null): void {
    this.script = script;
  }

  private answerTo(request: ProviderRequest): ProviderAnswer {
    const refusal = this.wrong(request);
    if (refusal) this.complaints.push(refusal.reason);
    const token = request.path.slice('/3/device/'.length);
    const final = refusal ?? this.script(token, request);
    const apnsId = String(request.headers['apns-id'] ?? '');
    if (final) return toAnswer(final, apnsId);
    this.keep(request, token, apnsId);
    return { status: 200, headers: { 'apns-id': apnsId } };
  }

  private wrong(request: ProviderRequest): ApnsRefusal | null {
    const { headers, session } = request;
    const now = (this.given.clock?.() ?? Date.now()) / 1_000;
    const stranger = this.given.byCertificate
      ? withoutCertificate(session)
      : this.tokens.wrong(headers.authorization, now);
    if (stranger) return stranger;
    this.trust(session);
    return wrongPath(request) ?? wrongHeaders(headers, this.topic) ?? wrongPayload(request);
  }

  private keep({ headers, body }: ProviderRequest, token: string, apnsId: string): void {
    this.accepted.set(token, (this.accepted.get(token) ?? 0) + 1);
    const collapseId = Buffer.from(String(headers['apns-collapse-id'] ?? ''), 'latin1').toString();
    const known = this.collapseIds.get(token) ?? new Set();
    this.collapseIds.set(token, known.add(collapseId));
    if (this.given.record === false) return;
    const text = body.toString();
    this.received.push({ token, apnsId, collapseId, headers, text, payload: JSON.parse(text) });
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function withoutCertificate(session: ServerHttp2Session): ApnsRefusal | null {
  const certificate = (session.socket as TLSSocket).getPeerCertificate();
  // Apple asks who we are in the only way that is left.
  return certificate?.subject ? null : { status: 403, reason: 'MissingProviderToken' };
}

function toAnswer({ status, reason, timestamp, headers, html }: ApnsRefusal, apnsId: string): ProviderAnswer {
  const body = html ?? JSON.stringify({ reason, ...(timestamp !== undefined && { timestamp }) });
  return { status, headers: { 'apns-id': apnsId, ...headers }, body };
}
