/**
 * The fault suite: npm run test:faults -- [--only PATTERN] [--store sqlite|mongo] [--long]
 * Prints for each case what was sent, accepted, stored, lost and doubled; exits 1 unless nothing accepted is lost and nothing doubled.
 * `--long` adds what takes hours: a million inputs for each decoder and endpoint, and 1,000 boxes for half an hour.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { messageOf } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { type FaultCase, judged } from './case.js';
import { CASES } from './cases/index.js';
import type { StoreKind } from './line.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    store: { type: 'string', default: '' },
    long: { type: 'boolean', default: false },
  },
});
const wanted = new RegExp(values.only);
const failed: string[] = [];
const skipped: string[] = [];
let passed = 0;

for (const one of CASES.filter(({ name }) => wanted.test(name)))
  for (const store of one.stores) if (values.store === '' || values.store === store) await run(one, store);
if (values.long) {
  await program('fuzzing', ['--expose-gc', 'dist/test/fuzz/run.js']);
  await program('soak', ['dist/scripts/soak/run.js']);
}
print(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
for (const name of failed) print(`FAILED: ${name}`);
process.exit(failed.length === 0 && passed > 0 ? 0 : 1);

async function run(one: FaultCase, store: StoreKind): Promise<void> {
  const title = `${one.name} [${store}]`;
  const missing = one.missing?.();
  if (missing !== undefined) return skip(title, missing);
  const startedAt = Date.now();
  try {
    const outcome = await one.run(store);
    if (outcome === undefined) return skip(title, 'no MongoDB to be had, or no nats-server for a cluster');
    const { lines, passed: good } = judged(outcome);
    print(`${good ? 'ok  ' : 'FAIL'} ${title}, ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
    for (const line of lines) print(line);
    if (good) passed += 1;
    else failed.push(title);
  } catch (error) {
    print(`FAIL ${title}: ${messageOf(error)}`);
    failed.push(title);
  }
}

/** Another program of ours, whose output becomes ours, as a case. */
async function program(title: string, args: readonly string[]): Promise<void> {
  if (!wanted.test(title)) return;
  const child = spawn(process.execPath, args, { cwd: PACKAGE_ROOT, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  print(`${code === 0 ? 'ok  ' : 'FAIL'} ${title}`);
  if (code === 0) passed += 1;
  else failed.push(title);
}

function skip(title: string, why: string): void {
  skipped.push(title);
  print(`*** SKIPPED: ${title}: ${why} ***`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
