/** Migrates the database in argv with the files of a directory; says so first, because a test kills it meanwhile. */
import { migrate } from '../../src/database/migrate.ts';

const [connection = '', directory = ''] = process.argv.slice(2);
console.log('ready');
await migrate(JSON.parse(connection) as object, directory);
