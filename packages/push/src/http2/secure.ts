import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Http2ClientOptions } from './client.ts';

/** Parsed once per client: the context costs milliseconds, because it holds every root certificate. */
export function secureContextOf(options: Http2ClientOptions): SecureContext | null {
  if (!options.origin.startsWith('https:')) return null;
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
    ...options.certificate,
  });
}

/** What every TLS dial to `origin` needs. ALPN must offer `h2` (RFC 9113 §3.2); SNI is never an IP address. */
export function tlsOptionsOf(options: Http2ClientOptions, secureContext: SecureContext): ConnectionOptions {
  const host = hostOf(options.origin);
  return {
    secureContext,
    ALPNProtocols: ['h2'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
  };
}

/** Host without the brackets of an IPv6 address. */
export function hostOf(origin: string): string {
  return new URL(origin).hostname.replace(/^\[|\]$/g, '');
}

export function portOf(origin: string): number {
  const { port, protocol } = new URL(origin);
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
