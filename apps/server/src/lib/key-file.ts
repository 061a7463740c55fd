/**
 * The file of keys: one per line, 32 bytes in base64 (`openssl rand -base64 32`); lines that begin with # are skipped.
 * Whoever reads it sees the old file or the new one, never a half.
 */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { KEY_BYTES, type Key, keyOf } from './sealer.ts';
import { syncDirectory } from './sync-directory.ts';

/** The file cannot be read, written or understood. */
export class KeyFileUnusable extends Error {
  constructor(sentence: string) {
    super(`TOCSIN_KEY_FILE: ${sentence}`);
    this.name = 'KeyFileUnusable';
  }
}

const TITLE = '# Keys of the secrets in the database. The first seals, the others only open. Keep a copy.\n';
const CANONICAL = /^[A-Za-z0-9+/]{43}=$/;
/** Read by its owner only, like the data directory's inside. */
const PRIVATE = 0o600;
const OTHERS = 0o077;

/** The keys, first the one that seals; null when there is no file. Throws `KeyFileUnusable`. */
export function readKeyFile(file: string): Key[] | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new KeyFileUnusable(`cannot read ${file} (${code})`);
  }
  return parseKeys(text, file);
}

/** `where` the text comes from, for the error. Throws `KeyFileUnusable`. */
export function parseKeys(text: string, where: string): Key[] {
  const lines = text.split('\n').map((line, index) => ({ text: line.trim(), number: index + 1 }));
  const keys = lines
    .filter((line) => line.text !== '' && !line.text.startsWith('#'))
    .map((line) => parseKey(line.text, `${where}, line ${line.number},`));
  if (keys.length === 0) throw new KeyFileUnusable(`${where} holds no key`);
  return keys;
}

function parseKey(text: string, where: string): Key {
  const bytes = Buffer.from(text, 'base64');
  if (!CANONICAL.test(text) || bytes.length !== KEY_BYTES)
    throw new KeyFileUnusable(
      `${where} is not a key: ${KEY_BYTES} bytes in base64 (openssl rand -base64 32)`,
    );
  return keyOf(bytes);
}

/** Of the file as it is now, which must be there. */
export function currentKeys(file: string): Key[] {
  const keys = readKeyFile(file);
  if (!keys) throw new KeyFileUnusable(`there is no file ${file}`);
  return keys;
}

export function newKey(): Key {
  return keyOf(randomBytes(KEY_BYTES));
}

/** Writes a file that is not there yet. Throws `KeyFileUnusable`, also when somebody else was faster. */
export function createKeyFile(file: string, keys: readonly Key[]): void {
  orUnusable(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
    // A hard link is made only where nothing is, and what it shows is complete.
    const draft = writeDraft(file, keys);
    try {
      linkSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
    syncDirectory(dirname(file));
  });
}

/** Puts other keys into the file; its owner stays. Throws `KeyFileUnusable`. */
export function replaceKeyFile(file: string, keys: readonly Key[]): void {
  orUnusable(file, () => {
    // What a symbolic link points to is replaced, not the link.
    const target = realpathSync(file);
    const { uid, gid } = statSync(target);
    const draft = writeDraft(target, keys);
    try {
      if (process.getuid?.() === 0) chownSync(draft, uid, gid);
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
    syncDirectory(dirname(target));
  });
}

/** True when others than its owner may read or change the file. */
export function isOpenToOthers(file: string): boolean {
  return (statSync(file).mode & OTHERS) !== 0;
}

function orUnusable(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code) throw error;
    throw new KeyFileUnusable(`cannot write ${file} (${code})`);
  }
}

function writeDraft(file: string, keys: readonly Key[]): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const descriptor = openSync(draft, 'wx', PRIVATE);
  try {
    writeFileSync(descriptor, TITLE + keys.map(({ bytes }) => `${bytes.toString('base64')}\n`).join(''));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return draft;
}
