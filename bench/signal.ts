/** Measurements of a waveform in WebAssembly against the plain functions, over the 12 cycles of IEC 61000-4-7. */
import * as plain from '../signal/index.js';
import { type Benchmark, type Comparison, compare, manyRounds, nsEach } from './compare.js';

const CYCLES = 12;

interface Case {
  title: string;
  /** calls per round, enough for some milliseconds */
  repeats: number;
  /** min ratio of WebAssembly to the plain function */
  goal: number;
  plain(samples: Int16Array): unknown;
  fast(samples: Int16Array): unknown;
}

const wasm = plain.createSignalAnalyser();

const CASES: readonly Case[] = [
  {
    title: 'RMS of each cycle',
    repeats: 2000,
    goal: 2,
    plain: (x) => plain.cycleRms(x),
    fast: (x) => wasm.cycleRms(x),
  },
  {
    title: 'Urms(1/2)',
    repeats: 2000,
    goal: 3,
    plain: (x) => plain.halfCycleRms(x),
    fast: (x) => wasm.halfCycleRms(x),
  },
  {
    title: 'frequency',
    repeats: 100,
    goal: 8,
    plain: (x) => plain.frequency(x),
    fast: (x) => wasm.frequency(x),
  },
  {
    title: 'THD, subgroups',
    repeats: 20,
    goal: 8,
    plain: (x) => plain.thd(x, { cycles: CYCLES }),
    fast: (x) => wasm.thd(x, { cycles: CYCLES }),
  },
  {
    title: 'transient magnitude',
    repeats: 50,
    goal: 3,
    plain: (x) => plain.transientMagnitude(x),
    fast: (x) => wasm.transientMagnitude(x),
  },
];

/** ns per cycle. */
export const signal: Benchmark = {
  name: 'signal',
  what: 'measurements of a waveform, in WebAssembly against plain TypeScript',
  run: async ({ rounds }): Promise<Comparison[]> => {
    const samples = lineVoltage();
    const results: Comparison[] = [];
    for (const { title, repeats, goal, plain: slow, fast } of CASES) {
      const eachCycle = (measure: (samples: Int16Array) => unknown) => (): number =>
        nsEach(repeats, () => measure(samples)) / CYCLES;
      const contenders = [
        { name: 'plain TypeScript', once: eachCycle(slow) },
        { name: 'WebAssembly', once: eachCycle(fast) },
      ];
      const common = {
        unit: 'ns per cycle of 200 samples',
        better: 'lower',
        baseline: 'plain TypeScript',
      } as const;
      const goals = [{ contender: 'WebAssembly', ratio: goal }];
      results.push(await compare({ title, ...common, goals, contenders }, manyRounds(rounds)));
    }
    return results;
  },
};

function lineVoltage(): Int16Array {
  return Int16Array.from({ length: CYCLES * 200 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 200;
    return 16_000 * (Math.sin(angle) + 0.03 * Math.sin(3 * angle)) + 40 * Math.sin(i * i);
  });
}
