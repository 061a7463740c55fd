import { connect, type SecureContext } from 'node:tls';
import type { Http2ClientOptions } from '../http2/index.ts';
import { hostOf, portOf, tlsOptionsOf } from '../http2/secure.ts';

/**
 * Which HTTP an origin speaks, asked in a TLS handshake of its own (ALPN, RFC 7301) so that it does not depend
 * on how a client reports a refusal. Rejects when there is no connection within `connectTimeoutMs`.
 */
export function negotiate(
  options: Http2ClientOptions,
  secureContext: SecureContext,
): Promise<'h2' | 'http/1.1'> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        ...tlsOptionsOf(options, secureContext),
        host: hostOf(options.origin),
        port: portOf(options.origin),
        ALPNProtocols: ['h2', 'http/1.1'],
        timeout: options.connectTimeoutMs,
      },
      () => {
        resolve(socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1');
        socket.destroy();
      },
    );
    socket.on('timeout', () =>
      socket.destroy(new Error(`no connection within ${options.connectTimeoutMs} ms`)),
    );
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection during the handshake')));
  });
}
