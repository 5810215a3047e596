/** `makai config check`, `makai config example`. */
import { Argument, type Command, Option } from 'commander';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { checkFile } from '../../config/check.js';
import { exampleConfig } from '../../config/example.js';
import { type Finding, findingLine } from '../../config/findings.js';
import { isKind, KIND_NAMES, type Kind } from '../../config/kinds.js';
import { UsageError } from '../errors.js';
import { clean } from '../output.js';
import { PLUGIN_SCHEMAS } from '../plugin-schemas.js';

const LABELS = { error: 'error', plugin: 'error', warning: 'warning' } as const;

export function register(program: Command): void {
  const config = program.command('config').description('Check and create configuration files.');
  config
    .command('check')
    .description('Check a file without starting anything. The exit code is 1 if it has mistakes.')
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
      await write(`${JSON.stringify(exampleConfig(kindOf(daemon)), null, 2)}\n`);
    });
}

async function check(file: string, options: { kind?: string; json?: true }): Promise<void> {
  const { kind, findings } = checkFile(
    file,
    options.kind === undefined ? undefined : kindOf(options.kind),
    PLUGIN_SCHEMAS,
  );
  if (options.json) for (const finding of findings) await write(jsonLine({ kind, ...finding }));
  else await write(`${report(file, kind, findings)}\n`);
  if (findings.some((finding) => finding.severity !== 'warning')) process.exitCode = EXIT.failed;
}

function report(file: string, kind: Kind, findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const rest = finding.severity === 'plugin' ? ' (the daemon starts without this plugin)' : '';
    return clean(`${LABELS[finding.severity]}: ${findingLine(finding)}${rest}`);
  });
  const errors = findings.filter((finding) => finding.severity !== 'warning').length;
  const verdict = errors === 0 ? 'sound' : errors === 1 ? '1 mistake' : `${errors} mistakes`;
  return [...lines, `${file}: ${verdict} (checked as a file of the ${kind})`].join('\n');
}

function kindOf(name: string): Kind {
  if (!isKind(name)) throw new UsageError(`expected one of ${KIND_NAMES.join(', ')}, found ${name}`);
  return name;
}
