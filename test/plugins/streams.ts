/** Streams of measurements to hold two versions of a plugin against each other: recorded and generated ones. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { Sample } from './feed.js';
import type { Step } from './loaded.js';

const RECORDINGS = join(PACKAGE_ROOT, '../shared/data/opq-box');
const START = 1_700_000_000_000;

/** Batches of `size`, a tick after each second of the recording, and a minute of silence at the end. */
export function stepsOf(samples: readonly Sample[], size: number): Step[] {
  const all: Step[] = [];
  let nowMs = 0;
  let tickMs = 0;
  for (let at = 0; at < samples.length; at += size) {
    const batch = samples.slice(at, at + size);
    nowMs = Math.max(nowMs, ...batch.map((s) => s.timestampMs));
    all.push({ samples: batch, nowMs });
    if (nowMs < tickMs + 1000) continue;
    tickMs = nowMs;
    all.push({ tickMs });
  }
  for (let s = 1; s <= 60; s++) all.push({ tickMs: nowMs + 1000 * s });
  return all;
}

/** Fifteen boxes whose voltages rise and fall; skips the test where the recording is not there. */
export function fifteenBoxes(test: Mocha.Context): Sample[] {
  return recording(test, 'fifteen_boxes_1cycle_vrms.csv', ([boxId = 0, t = 0, rms = 0]) => ({
    boxId,
    timestampMs: START + Math.round(1000 * t),
    rms,
  })).sort((a, b) => a.timestampMs - b.timestampMs);
}

/** Two boxes during a dip of the frequency to 59.852 Hz; skips the test where the recording is not there. */
export function frequencyDip(test: Mocha.Context): Sample[] {
  return recording(test, 'frequency.dat', ([boxId = 0, timestampMs = 0, rms = 0, f = 0]) => ({
    boxId,
    timestampMs,
    rms,
    f,
  }));
}

function recording(test: Mocha.Context, name: string, toSample: (fields: number[]) => Sample): Sample[] {
  const file = join(RECORDINGS, name);
  if (!existsSync(file)) {
    process.stderr.write(`skipped, not there: ${file}\n`);
    test.skip();
  }
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(/[\s,]+/).map(Number))
    .filter((fields) => fields.every(Number.isFinite))
    .map(toSample);
}

const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1);
const metric = (usual: number, spread: number, out: readonly number[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: usual - spread, max: usual + spread, noNaN: true }) },
    { weight: 2, arbitrary: fc.constantFrom(...out) },
    { weight: 1, arbitrary: odd },
    // as far out as texts are written without an exponent
    { weight: 1, arbitrary: fc.float({ min: -(2 ** 60), max: 2 ** 60 }) },
  );
const values = fc.record({
  f: metric(60, 0.02, [59.9, 60.1, 59.5, 60.4]),
  rms: metric(120, 0.5, [115, 125, 108, 131, 0]),
  thd: metric(0.02, 0.002, [0.05, 0.08]),
  trans: metric(1, 0.3, [7, 12]),
});

/** One event of a stream: how far the clocks go on, and what comes then. `repeat` makes excursions long. */
const move = fc.record({
  boxId: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.constant(2_147_483_647) },
  ),
  /** ms that go by before it */
  afterMs: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 1, 40, 166) },
    { weight: 1, arbitrary: fc.constantFrom(1000, 5000, 70_000) },
  ),
  /** the box's clock steps by so much, and stays there */
  stepMs: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(-60_000, -1000, -1, 500, 300_000) },
  ),
  min: values,
  average: values,
  max: values,
  alike: fc.boolean(),
  repeat: fc.oneof(
    { weight: 6, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.integer({ min: 2, max: 12 }) },
  ),
  tick: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  /** ends the batch */
  ends: fc.boolean(),
});
/** Boxes interleaved, clocks apart and stepping, values missing and odd, long excursions; `toSteps` makes calls of it. */
export const stream = fc.array(move, { minLength: 1, maxLength: 25 });

export function toSteps(moves: readonly (typeof move extends fc.Arbitrary<infer M> ? M : never)[]): Step[] {
  const all: Step[] = [];
  const offsets = new Map<number, number>([
    [2, 240_000],
    [3, -3_600_000],
  ]);
  let nowMs = START;
  let batch: Sample[] = [];
  const flush = () => {
    if (batch.length > 0) all.push({ samples: batch, nowMs });
    batch = [];
  };
  for (const { boxId, afterMs, stepMs, min, average, max, alike, repeat, tick, ends } of moves) {
    offsets.set(boxId, (offsets.get(boxId) ?? 0) + stepMs);
    for (let k = 0; k < repeat; k++) {
      nowMs += afterMs;
      const of = (name: 'f' | 'rms' | 'thd' | 'trans') =>
        alike ? average[name] : { min: min[name], average: average[name], max: max[name] };
      batch.push({
        boxId,
        timestampMs: nowMs + (offsets.get(boxId) ?? 0),
        f: of('f'),
        rms: of('rms'),
        thd: of('thd'),
        trans: of('trans'),
      });
    }
    if (ends || tick) flush();
    if (tick) all.push({ tickMs: nowMs });
  }
  flush();
  all.push({ tickMs: nowMs + 100 }, { tickMs: nowMs + 51_000 });
  return all;
}
