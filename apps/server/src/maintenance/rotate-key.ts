/**
 * A new key for all secrets, while servers run. Killed between any two steps, everything still opens: the old key leaves
 * the file only when nothing is sealed with it any more. The next rotation also clears up what a killed one left.
 */
import { currentKeys, newKey, replaceKeyFile } from '../lib/key-file.ts';
import { createSealer, type Key } from '../lib/sealer.ts';
import type { Database } from '../store/database.ts';
import { keyIdsInUse, lockKeys, requireKeys, resealAll } from '../store/sealed.ts';

export type RotationStep = 'key added' | 'secrets sealed' | 'committed' | 'old keys removed';

export interface Rotation {
  readonly keyId: string;
  /** Keys that left the file: backups taken before need them. */
  readonly removedKeyIds: readonly string[];
  readonly secrets: number;
}

/** Throws `KeyMissing` or `KeyFileUnusable`. `onStep` is awaited after each step. */
export async function rotateKey(
  database: Database,
  file: string,
  onStep: (step: RotationStep) => Promise<void> | void,
): Promise<Rotation> {
  const key = newKey();
  const secrets = await database.transaction(async (connection) => {
    await lockKeys(connection);
    requireKeys(await keyIdsInUse(connection), file);
    replaceKeyFile(file, [key, ...currentKeys(file)]);
    await onStep('key added');
    const count = await resealAll(
      connection,
      createSealer(() => currentKeys(file)),
    );
    await onStep('secrets sealed');
    return count;
  });
  await onStep('committed');
  const removed = await removeUnused(database, file);
  await onStep('old keys removed');
  return { keyId: key.id, removedKeyIds: removed.map(({ id }) => id), secrets };
}

/** Under the lock again: another rotation may have begun in between. */
function removeUnused(database: Database, file: string): Promise<Key[]> {
  return database.transaction(async (connection) => {
    await lockKeys(connection);
    const inUse = await keyIdsInUse(connection);
    const keys = currentKeys(file);
    const kept = keys.filter(({ id }, index) => index === 0 || inUse.includes(id));
    replaceKeyFile(file, kept);
    return keys.filter((key) => !kept.includes(key));
  });
}
