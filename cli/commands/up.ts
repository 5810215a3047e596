/** `makai up`: all daemons on this machine, with simulated boxes. */
import type { Command } from 'commander';
import type { UpOptions } from '../up/run.js';

export function register(program: Command): void {
  program
    .command('up')
    .description('Run all daemons locally, with an embedded store and simulated boxes. Ctrl-C stops them.')
    .option('--boxes <N>', 'how many simulated boxes', '2')
    .option('--dir <D>', 'working folder: keys, settings, logs, store', 'makai-demo')
    .option(
      '--scenario <F>',
      'scenario of the generated grid: demo or quiet (these ship), or a file (docs/scenarios.md); default demo, with a sag at 12 s',
    )
    .option('--for <SECONDS>', 'stop after this time')
    .option('--json', 'NDJSON: started, a status each second, each event')
    .action(async (options: UpOptions) => (await import('../up/run.js')).up(options));
}
