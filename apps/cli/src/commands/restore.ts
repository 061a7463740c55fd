import type { Command } from 'commander';
import { runMaintenance } from '../maintenance.ts';

export function addRestore(program: Command): Command {
  return program
    .command('restore')
    .description('Fills an empty data directory or database from a backup; then start the server.')
    .argument('<file>', 'a file made by "tocsin backup"')
    .option('--json', 'print the result as JSON')
    .action((file: string, { json }: { json?: boolean }) =>
      runMaintenance(['restore', ...(json ? ['--json'] : []), '--', file]),
    );
}
