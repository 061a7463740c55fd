/** Rotates the key and stops for ever after the named step: something to kill. */
import { rotateKey } from '../../src/maintenance/rotate-key.ts';
import { openDatabase } from '../../src/store/database.ts';

const [connection = '', file = '', last = ''] = process.argv.slice(2);
const database = openDatabase(JSON.parse(connection), () => undefined);
await rotateKey(database, file, async (step) => {
  if (step !== last) return;
  console.log('ready');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
