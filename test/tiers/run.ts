/**
 * Runs a tier of the tests: node dist/test/tiers/run.js fast|slow [options of mocha]
 * The serial files of the slow tier run beside the parallel ones; their output is printed when both have ended. Then the longest files are listed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { filesOf, TIERS, type Tier } from './files.js';

/** For two cores: many tests wait, and the serial files run beside the slow ones, whose daemons are processes of their own. */
const JOBS = { fast: 3, slow: 3 };
const SLOW_TIMEOUT_MS = 400_000;
const SHOWN = { fast: 10, slow: 40 };
/** The fast tier takes a tenth of it. */
const MEMORY_BYTES = 2 ** 31;
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

const [name, ...options] = process.argv.slice(2);
const tier = TIERS.find((one) => one === name);
if (tier === undefined) throw new Error(`which tier: ${TIERS.join(' or ')}?`);
const { parallel, serial } = filesOf(tier);
const folder = mkdtempSync(join(placeOf(tier), 'makai-tier-'));
// As /tmp is: some tests look at files as another user.
chmodSync(folder, 0o755);
const times = process.env.MAKAI_TEST_TIMES ?? join(folder, 'times');
const output = join(folder, 'serial');
const startedAt = performance.now();
try {
  const timeout = tier === 'slow' ? ['--timeout', String(SLOW_TIMEOUT_MS)] : [];
  const runs = [
    mocha([...timeout, '--parallel', '--jobs', String(JOBS[tier]), ...options, ...parallel], 'inherit'),
  ];
  if (serial.length > 0) runs.push(mocha([...options, ...serial], openSync(output, 'w')));
  const codes = await Promise.all(runs);
  if (serial.length > 0) {
    heading('the serial files');
    process.stdout.write(readFileSync(output));
  }
  heading(`the longest files of the ${tier} tier: seconds, CPU, CPU of loading`);
  process.stdout.write(longest());
  heading(`the ${tier} tier took ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  if (codes.some((code) => code !== 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** @returns its exit code; 1 where a signal ended it */
async function mocha(args: readonly string[], stdout: 'inherit' | number): Promise<number> {
  const child = spawn(process.execPath, [MOCHA, ...args], {
    cwd: PACKAGE_ROOT,
    env: { ...process.env, MAKAI_TEST_TIMES: times, ...(tier === 'fast' && { TMPDIR: folder }) },
    stdio: ['inherit', stdout, stdout === 'inherit' ? 'inherit' : stdout],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** Where files of the tests go. Those of the fast tier go into memory where there is room: its stores wait for no disk. */
function placeOf(one: Tier): string {
  const memory = '/dev/shm';
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    return one === 'fast' && bavail * bsize >= MEMORY_BYTES ? memory : tmpdir();
  } catch {
    return tmpdir(); // not Linux
  }
}

function heading(text: string): void {
  process.stdout.write(`\n=== ${text}\n`);
}

function longest(): string {
  // Not there where no file was run.
  if (!existsSync(times)) return '';
  const lines = readFileSync(times, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines
    .sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a))
    .slice(0, SHOWN[tier as Tier])
    .map((line) => `${line}\n`)
    .join('');
}
