/** `makai up`: the whole line on this machine, with simulated boxes. */
import type { Command } from 'commander';
import type { UpOptions } from '../up/run.js';

export function register(program: Command): void {
  program
    .command('up')
    .description(
      'Run the whole line here: three daemons, an embedded store, simulated boxes with fresh keys. Ctrl-C ends it.',
    )
    .option('--boxes <N>', 'how many simulated boxes', '2')
    .option('--dir <D>', 'working folder: keys, settings, logs, store', 'makai-demo')
    .option(
      '--scenario <F>',
      'what the generated grid does: demo or quiet (scenarios that ship), or a file (docs/scenarios.md); without it demo, with a sag at 12 s',
    )
    .option('--for <SECONDS>', 'stop by itself after so long')
    .option('--json', 'one document a line: started, status each second, event')
    .action(async (options: UpOptions) => (await import('../up/run.js')).up(options));
}
