import type { Command } from 'commander';
import { runMaintenance } from '../maintenance.ts';

interface Options {
  readonly withKey?: boolean;
  readonly json?: boolean;
}

export function addBackup(program: Command): Command {
  return program
    .command('backup')
    .description(
      'Writes everything in the database, as it is at one moment, into one file. The server may run.',
    )
    .argument('[file]', 'name of the file; must not exist yet (default: tocsin-<time>.tar.gz)')
    .option('--with-key', 'put the key file into it as well: whoever has the file then has all secrets')
    .option('--json', 'print the result as JSON')
    .action((file: string | undefined, { withKey, json }: Options) =>
      runMaintenance([
        'backup',
        ...(withKey ? ['--with-key'] : []),
        ...(json ? ['--json'] : []),
        ...(file === undefined ? [] : ['--', file]),
      ]),
    );
}
