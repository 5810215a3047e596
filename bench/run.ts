/** `npm run bench -- <name>... [--rounds N] [--check]`: runs benchmarks one after another. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../common/errors.js';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { BENCHMARKS } from './benchmarks.js';
import { machine, tableOf, writeResult } from './report.js';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '9' }, check: { type: 'boolean', default: false } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a whole number from 1');
  const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown.length > 0) throw new Error(`no such benchmark: ${unknown.join(', ')}`);
  if (positionals.length === 0) {
    for (const load of Object.values(BENCHMARKS)) {
      const { name, what } = await load();
      console.log(`${name}: ${what}`);
    }
    return 0;
  }
  let missed = 0;
  for (const positional of positionals) {
    const benchmark = await BENCHMARKS[positional]?.();
    if (benchmark === undefined) continue;
    const facts = machine();
    console.log(`${benchmark.name}: ${benchmark.what}`);
    console.log(
      `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB, ${facts.platform}, Node ${facts.node}\n`,
    );
    const comparisons = await benchmark.run({ rounds });
    for (const comparison of comparisons) console.log(`${tableOf(comparison)}\n`);
    missed += comparisons.flatMap(({ goals }) => goals).filter(({ met }) => !met).length;
    console.log(`written: ${path.relative(PACKAGE_ROOT, writeResult(benchmark.name, facts, comparisons))}\n`);
  }
  return values.check && missed > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
