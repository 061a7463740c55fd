/** The server's own certificate; a part of the composition root. */
import type { FastifyBaseLogger } from 'fastify';
import type { Config } from './config.ts';
import type { Clock } from './lib/clock.ts';
import { type TlsFiles, watchTlsFiles } from './lib/tls-files.ts';
import type { TlsPair } from './lib/tls-pair.ts';

export interface Certificate {
  /** As it was read at start. */
  readonly pair: TlsPair;
  readonly files: TlsFiles;
}

/** Null where TLS is not set up. `onPair` gets every later pair that is good. */
export function openCertificate(
  { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, files }: Config,
  clock: Clock,
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>,
  onPair: (pair: TlsPair) => void,
): Certificate | null {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = files;
  if (!certFile || !keyFile || !cert || !key) return null;
  const pair = { cert, key };
  const watched = watchTlsFiles(
    {
      files: { cert: certFile, key: keyFile },
      clock,
      onPair: (next) => {
        onPair(next);
        log.info({ file: certFile }, 'new certificate in use');
      },
      onFault: (reason) => log.warn({ reason }, 'the new certificate is not used'),
    },
    pair,
  );
  return { pair, files: watched };
}
