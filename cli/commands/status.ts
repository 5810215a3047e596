/** `makai status`: the state of the running daemons. */
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('status')
    .description(
      'Print the state of the running daemons on one screen, what is wrong first. The exit code is 1 if one does not reply, or if a plugin was refused or has stopped.',
    )
    .option('--dir <folder>', 'the working folder of `makai up`, instead of the default configuration files')
    .option(
      '--config <folder>',
      'a folder with the settings files of the daemons, for an instance (/etc/makai/NAME) or another installation on this machine',
    )
    .option('--all', 'everything that the daemons report')
    .option('--json', 'NDJSON, one daemon per line')
    .action(async (options: { config?: string; dir?: string; all?: true; json?: true }) =>
      (await import('../status.js')).printStatuses({ ...options, dir: options.dir ?? options.config }),
    );
}
