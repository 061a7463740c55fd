import type { Command } from 'commander';
import { runMaintenance } from '../maintenance.ts';

interface Options {
  readonly withoutSecrets?: boolean;
  readonly json?: boolean;
}

export function addRestore(program: Command): Command {
  return program
    .command('restore')
    .description('Fills an empty data directory or database from a backup; then start the server.')
    .argument('<file>', 'a file made by "tocsin backup"')
    .option(
      '--without-secrets',
      'when the key is lost: everybody signs in again, browsers allow notifications again',
    )
    .option('--json', 'print the result as JSON')
    .action((file: string, { withoutSecrets, json }: Options) =>
      runMaintenance([
        'restore',
        ...(withoutSecrets ? ['--without-secrets'] : []),
        ...(json ? ['--json'] : []),
        '--',
        file,
      ]),
    );
}
