/** `makai listen`: prints the measurement stream as services receive it. */
import type { Command } from 'commander';
import type { ListenOptions } from '../listen.js';
import { boxIds, whole } from '../number-arguments.js';

export function register(program: Command): void {
  program
    .command('listen')
    .description('Print the measurements of the boxes as they arrive, until Ctrl-C.')
    .option('--endpoint <endpoint>', "the triggering broker's `backend`, such as tcp://127.0.0.1:9881")
    .option('--config <file>', 'configuration file of the triggering service, which names the endpoint')
    .option('--dir <folder>', 'the working folder of `makai up`')
    .option('--boxes <ids>', 'only these boxes, separated by commas', boxIds)
    .option('--count <n>', 'stop after this number of measurements', whole)
    .option('--json', 'NDJSON, one measurement per line')
    .action(async (options: ListenOptions) => (await import('../listen.js')).listen(options));
}
