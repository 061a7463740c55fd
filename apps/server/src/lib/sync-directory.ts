import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes the names in a directory durable: a file's own fsync covers what is in it, not what it is called. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
