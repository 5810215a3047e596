/**
 * `npm run bench [-- <name>...] [--rounds N] [--short] [--list]`: runs the named benchmarks, or all, one after another. Prints every goal at the
 * end. The exit code is 1 when a goal is missed.
 *
 * `--short` is for CI: fewer rounds, and ratios are compared with those in reference.json in place of goals. Its last line is
 * the verdict. `--write-reference` rewrites that file; run it on a machine that does nothing else.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../common/errors.js';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { BENCHMARKS } from './benchmarks.js';
import type { Comparison } from './compare.js';
import { judge, ratiosOf, readReference, writeReference } from './reference.js';
import { figure, goalText, machine, tableOf, writeResult } from './report.js';

const ROUNDS = 5;
const SHORT_ROUNDS = 2;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      short: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      'write-reference': { type: 'boolean', default: false },
    },
  });
  const { short } = values;
  const rounds = Number(values.rounds ?? (short ? SHORT_ROUNDS : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1');
  const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown.length > 0) throw new Error(`no such benchmark: ${unknown.join(', ')}; --list names them`);
  if (values.list) {
    for (const load of Object.values(BENCHMARKS)) {
      const { name, what } = await load();
      console.log(`${name}: ${what}`);
    }
    return 0;
  }
  const facts = machine();
  console.log(
    `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB, ${facts.platform}, Node ${facts.node}, load ${facts.loadBefore}\n`,
  );
  const results: { name: string; comparisons: Comparison[] }[] = [];
  for (const [key, load] of Object.entries(BENCHMARKS)) {
    if (positionals.length > 0 && !positionals.includes(key)) continue;
    const benchmark = await load();
    if (short && benchmark.long === true && !positionals.includes(key)) continue;
    console.log(`${benchmark.name}: ${benchmark.what}`);
    const comparisons = await benchmark.run({ rounds, short });
    for (const comparison of comparisons) console.log(`${tableOf(comparison)}\n`);
    console.log(`written: ${path.relative(PACKAGE_ROOT, writeResult(benchmark.name, facts, comparisons))}\n`);
    results.push({ name: benchmark.name, comparisons });
  }
  const ratios = ratiosOf(results);
  if (values['write-reference']) writeReference(ratios, facts);
  return short ? verdict(judge(readReference(), ratios)) : goals(results);
}

/** Prints every goal on a line. @returns the exit code */
function goals(results: readonly { name: string; comparisons: Comparison[] }[]): number {
  let missed = 0;
  for (const { name, comparisons } of results) {
    for (const comparison of comparisons) {
      for (const goal of comparison.goals) {
        const row = comparison.rows.find(({ name: contender }) => contender === goal.contender);
        const got =
          'ratio' in goal
            ? `${row?.ratio.toFixed(2)} x`
            : `${figure(row?.median ?? Number.NaN)} ${comparison.unit}`;
        const title = `${name}: ${comparison.title}: ${goal.contender}`;
        console.log(`${goal.met ? 'met   ' : 'MISSED'} ${title}: ${got}, goal ${goalText(goal, comparison)}`);
        if (!goal.met) missed += 1;
      }
    }
  }
  console.log(missed === 0 ? 'bench: every goal met' : `bench: ${missed} goals missed`);
  return missed === 0 ? 0 : 1;
}

/** Prints the last lines of the short form. @returns the exit code */
function verdict(fallen: readonly string[]): number {
  for (const line of fallen) console.log(line);
  console.log(fallen.length === 0 ? 'bench: no ratio fell' : `bench: ${fallen.length} ratios fell`);
  return fallen.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
