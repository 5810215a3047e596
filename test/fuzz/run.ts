/**
 * The long run: npm run test:fuzz -- [--inputs 1000000] [--connections 1000000] [--seed N] [--only PATTERN] [--write-seeds]
 * Prints a line for each decoder and endpoint; exits 1 when one fails or a daemon's memory is not flat.
 */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '../../common/errors.js';
import { DECODERS } from './decoders.js';
import { ENDPOINTS } from './endpoints.js';
import { fuzzDecoder } from './fuzz-decoder.js';
import { fuzzEndpoint } from './fuzz-endpoint.js';
import { FUZZED_DAEMONS } from './fuzzed-daemons.js';
import { startDaemon } from './line.js';
import { writeSeeds } from './write-seeds.js';

/** How much a process may have grown from the third quarter of a run to the last: garbage not yet collected, and a tenth. */
const SLACK_MB = 16;
const SLACK_FACTOR = 1.1;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    connections: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string', default: '' },
    'write-seeds': { type: 'boolean', default: false },
  },
});
const inputs = Number(values.inputs);
const connections = Number(values.connections);
const seed = Number(values.seed);
const wanted = new RegExp(values.only);
let failed = 0;

if (values['write-seeds']) writeSeeds();
else await run();
process.exitCode = failed === 0 ? 0 : 1;

async function run(): Promise<void> {
  print(`seed ${seed}`);
  for (const target of DECODERS.filter(({ name }) => wanted.test(name)))
    await fuzz(`decoder ${target.name}`, () => decoder(target));
  for (const { change, kind } of FUZZED_DAEMONS) {
    const targets = ENDPOINTS.filter((one) => one.kind === kind && wanted.test(`${kind} ${one.name}`));
    for (const target of targets) await fuzzDaemon(target, change);
  }
  print(failed === 0 ? 'passed' : `${failed} failed`);
}

async function fuzz(title: string, work: () => Promise<string>): Promise<void> {
  try {
    print(`${title}: ${await work()}`);
  } catch (error) {
    fail(title, error);
  }
}

async function decoder(target: (typeof DECODERS)[number]): Promise<string> {
  // A first part warms up; what is held after it and after the rest is compared.
  await fuzzDecoder(target, Math.ceil(inputs / 10), seed + 1);
  const before = await heldMb();
  const { refused, seconds, taken } = await fuzzDecoder(target, inputs, seed);
  const grown = (await heldMb()) - before;
  if (grown > SLACK_MB) throw new Error(`${grown.toFixed(1)} MB more are held after it`);
  return `${inputs} inputs, ${taken} taken, ${refused} refused, ${seconds.toFixed(1)} s, ${grown.toFixed(1)} MB more held`;
}

async function fuzzDaemon(
  target: (typeof ENDPOINTS)[number],
  change: Record<string, unknown>,
): Promise<void> {
  const title = `${target.kind} ${target.name}`;
  try {
    const daemon = await startDaemon(target.kind, change);
    try {
      const count = target.connections ? Math.min(inputs, connections) : inputs;
      const result = await fuzzEndpoint(target, daemon, count, seed);
      const { lastQuarterMb, seconds, slope, thirdQuarterMb } = result;
      const memory = `${thirdQuarterMb.toFixed(1)} MB in the third quarter, ${lastQuarterMb.toFixed(1)} in the last, ${slope.toFixed(2)} MB a minute`;
      print(`${title}: ${count} inputs, ${seconds.toFixed(1)} s, ${memory}`);
      if (!(lastQuarterMb < thirdQuarterMb * SLACK_FACTOR + SLACK_MB)) throw new Error('memory is not flat');
    } finally {
      await daemon.stop();
    }
  } catch (error) {
    fail(title, error);
  }
}

function fail(title: string, error: unknown): void {
  failed += 1;
  print(`${title}: FAILED, seed ${seed}: ${messageOf(error)}`);
}

async function heldMb(): Promise<number> {
  await setImmediate();
  global.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
