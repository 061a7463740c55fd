import type { Command } from 'commander';
import { runMaintenance } from '../maintenance.ts';

export function addRotateKey(program: Command): Command {
  return program
    .command('rotate-key')
    .description(
      'Seals all secrets with a new key and removes the old one from the key file. The server may run. ' +
        'Backups taken before need the old key: copy the key file first.',
    )
    .option('--json', 'print the result as JSON')
    .action(({ json }: { json?: boolean }) => runMaintenance(['rotate-key', ...(json ? ['--json'] : [])]));
}
