/** `makai config check`, `makai config example`. */
import { Argument, type Command, Option } from 'commander';
import { write } from '../../common/stdout.js';
import { KIND_NAMES, type Kind } from '../../config/kind-names.js';
import { UsageError } from '../errors.js';

export function register(program: Command): void {
  const config = program.command('config').description('Check and create configuration files.');
  config
    .command('check')
    .description(
      'Check a file without starting a daemon. Plugins of your own are loaded with their settings. The exit code is 1 if it has errors.',
    )
    .argument('<file>', 'the JSON file of a daemon')
    .addOption(
      new Option('--kind <daemon>', 'which daemon the file is for, if its settings do not show it').choices(
        KIND_NAMES,
      ),
    )
    .option('--json', 'NDJSON, one finding per line')
    .action(check);
  config
    .command('example')
    .description('Print an example file.')
    .addArgument(new Argument('<daemon>', 'which daemon the file is for').choices(KIND_NAMES))
    .action(async (daemon: string) => {
      const { exampleConfig } = await import('../../config/example.js');
      await write(`${JSON.stringify(exampleConfig(kindOf(daemon)), null, 2)}\n`);
    });
}

async function check(file: string, { json, kind }: { kind?: string; json?: true }): Promise<void> {
  const { checkConfig } = await import('../config-check.js');
  await checkConfig(file, kind === undefined ? undefined : kindOf(kind), { ...(json && { json }) });
}

function kindOf(name: string): Kind {
  const kind = KIND_NAMES.find((one) => one === name);
  if (kind === undefined) throw new UsageError(`expected one of ${KIND_NAMES.join(', ')}, found ${name}`);
  return kind;
}
