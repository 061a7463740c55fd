/** The files of a certificate and its key, looked at again and again: a renewal needs no restart. */
import { readFileSync } from 'node:fs';
import type { Clock } from './clock.ts';
import { pairFault, type TlsPair } from './tls-pair.ts';

export interface TlsFilesOptions {
  readonly files: Readonly<Record<keyof TlsPair, string>>;
  readonly clock: Clock;
  /** A new pair that is good. */
  readonly onPair: (pair: TlsPair) => void;
  /** A sentence, once per content: what is in the files is not used, what was used before still is. */
  readonly onFault: (sentence: string) => void;
}

export interface TlsFiles {
  /** Looks now. */
  look(): void;
  /** Looks every few seconds. */
  start(): void;
  stop(): void;
}

const LOOK_EVERY_MS = 5_000;

/** `inUse` is what was read at start. */
export function watchTlsFiles(options: TlsFilesOptions, inUse: TlsPair): TlsFiles {
  let seen = contentOf(inUse);
  let timer: NodeJS.Timeout | null = null;
  const look = () => {
    const read = readPair(options.files);
    const content = typeof read === 'string' ? read : contentOf(read);
    if (content === seen) return;
    seen = content;
    const fault = typeof read === 'string' ? read : sentenceOf(options, read);
    if (fault !== null) options.onFault(fault);
    else options.onPair(read as TlsPair);
  };
  return {
    look,
    start() {
      timer = setInterval(look, LOOK_EVERY_MS);
    },
    stop() {
      if (timer) clearInterval(timer);
    },
  };
}

const contentOf = ({ cert, key }: TlsPair) => `${cert.trim()}\n${key.trim()}`;

/** The pair, or a sentence when a file cannot be read. */
function readPair(files: TlsFilesOptions['files']): TlsPair | string {
  try {
    return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    return `cannot read ${path} (${code})`;
  }
}

function sentenceOf({ files, clock }: TlsFilesOptions, pair: TlsPair): string | null {
  const fault = pairFault(pair, clock());
  return fault && `${files[fault.of]} ${fault.says}`;
}
