/** `tocsin`: one file per command in `commands/`; each adds itself to the program. */
import { Command } from 'commander';
import { addBackup } from './commands/backup.ts';
import { addRestore } from './commands/restore.ts';
import { addRotateKey } from './commands/rotate-key.ts';

const SETTINGS_HELP = `
The database and the key file are those of the settings that the server is started with: TOCSIN_DATA_DIR (./data),
DATABASE_URL, TOCSIN_KEY_FILE, also from TOCSIN_CONFIG (./tocsin.yaml). See docs/operations.md.

Exit codes: 0 done, 1 refused or failed, 64 wrong usage, 78 wrong settings or key file.`;

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

const program = new Command('tocsin').description('Looks after a Tocsin server.').showHelpAfterError();
// Every wrong option, argument or command ends here; asking for help is not wrong.
program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
for (const add of [addBackup, addRestore, addRotateKey]) add(program).addHelpText('after', SETTINGS_HELP);

await program.parseAsync();
