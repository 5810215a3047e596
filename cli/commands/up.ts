/** `makai up`: all daemons on this machine, with simulated boxes. */
import type { Command } from 'commander';
import { wholeWithin } from '../number-arguments.js';
import type { UpOptions } from '../up/run.js';

const YEAR_SECONDS = 31_536_000;

export function register(program: Command): void {
  program
    .command('up')
    .description(
      'Run all daemons locally, with an embedded store (or --store) and simulated boxes. Ctrl-C stops them.',
    )
    .option('--boxes <N>', 'how many simulated boxes', wholeWithin(1, 10_000), 2)
    .option('--dir <D>', 'working folder: keys, settings, logs, store', 'makai-demo')
    .option(
      '--store <URL>',
      'store in place of a file in the working folder, e.g. mongodb://localhost:27017/opq; records of the simulated boxes are written to it',
    )
    .option(
      '--scenario <F>',
      'scenario of the simulated grid: demo or quiet (these come with Makai), or a file (docs/scenarios.md); default demo, with a sag at 12 s',
    )
    .option('--for <SECONDS>', 'stop after this time', wholeWithin(1, YEAR_SECONDS))
    .option(
      '--json',
      'NDJSON; `kind` says what a line is: started, status (each second), event (with its waveforms), incident, group (incidents of several boxes), plugin (its state has changed)',
    )
    .action(async (options: UpOptions) => (await import('../up/run.js')).up(options));
}
