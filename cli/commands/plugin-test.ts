/** `makai plugin test`: golden cases of a plugin. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { clean, plural } from '../output.js';
import type { CaseOutcome } from '../plugin/golden/run.js';

/** Differences that are printed for a case. */
const SHOWN = 20;

export function register(plugin: Command): void {
  plugin
    .command('test')
    .description(
      'Replay golden cases to a plugin and compare its results with the expected ones. A case is a folder with recording.*, settings.json, boxes.json (both optional) and expected.json. The exit code is 1 if one differs.',
    )
    .argument('<file>', '.js, .mjs, .cjs or .wasm file, or the name of a plugin that comes with Makai')
    .argument('[folder]', 'a case, or a folder with cases', 'test/cases')
    .option('--update', 'write the results of the plugin as the expected ones, where they differ')
    .option('--watch', 'test again when the plugin or a case changes')
    .option('--json', 'NDJSON, one case per line')
    .action(testOrWatch);
}

interface Flags {
  update?: true;
  watch?: true;
  json?: true;
}

async function testOrWatch(file: string, folder: string, flags: Flags): Promise<void> {
  if (flags.watch !== true) return test(file, folder, flags);
  const { again, watchedFiles } = await import('../plugin/again.js');
  const inFolder = () => readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const ofPlugin = watchedFiles(file);
  const files = () => [...ofPlugin(), ...inFolder().map((name) => join(folder, name))];
  await again(files, () => test(file, folder, flags));
}

async function test(file: string, folder: string, { json, update }: Flags): Promise<void> {
  const [{ readCases }, { runCase }] = await Promise.all([
    import('../plugin/golden/cases.js'),
    import('../plugin/golden/run.js'),
  ]);
  const outcomes: CaseOutcome[] = [];
  for (const golden of readCases(folder)) {
    const log: string[] = [];
    const outcome = await runCase(file, golden, update === true, (line) => void log.push(line));
    outcomes.push(outcome);
    // The log of a case that is as expected is of no interest.
    if (outcome.problems.length > 0)
      for (const line of log) process.stderr.write(`${golden.name}: ${clean(line)}\n`);
    await write(json ? jsonLine(outcome) : describe(outcome));
  }
  const right = outcomes.filter(({ problems }) => problems.length === 0).length;
  if (!json) await write(`${right} of ${outcomes.length} cases as expected\n`);
  if (right < outcomes.length) process.exitCode = EXIT.failed;
}

function describe({ name, problems, results, updated }: CaseOutcome): string {
  const count = plural(results, 'result');
  if (problems.length === 0)
    return `${clean(name)}: ${updated ? 'expected.json written' : 'as expected'} (${count})\n`;
  const lines = problems.slice(0, SHOWN).map((line) => `  ${clean(line)}\n`);
  const rest = problems.length > SHOWN ? `  ... ${problems.length - SHOWN} more\n` : '';
  return `${clean(name)}: ${plural(problems.length, 'difference')}\n${lines.join('')}${rest}`;
}
