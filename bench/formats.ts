/** `npm run bench -- formats`: COMTRADE BINARY, read and written, against a plain copy of the same bytes through a typed array. */
import { readComtrade, writeComtrade } from '../formats/comtrade/index.js';
import type { Recording } from '../formats/index.js';
import { type Benchmark, type Comparison, compare, manyRounds } from './compare.js';

/** An event of ten minutes and four boxes, which takes as long to read as the clock needs to be exact. */
const SAMPLES = 1_200_000;
const CHANNELS = 4;
const GOAL = 0.5;

export const formats: Benchmark = {
  name: 'formats',
  what: 'COMTRADE BINARY read and written, against a copy of the same bytes',
  run: async ({ rounds }): Promise<Comparison[]> => {
    const recording = event();
    const files = writeComtrade(recording, { format: 'BINARY' });
    const [cfg, dat] = ['.cfg', '.dat'].map(
      (kind) => files.find(({ extension }) => extension === kind)?.bytes,
    );
    if (cfg === undefined || dat === undefined) throw new Error('nothing was written');
    const parts = { cfg: { file: 'a.cfg', bytes: cfg }, dat: { file: 'a.dat', bytes: dat } };
    const copy = { name: 'copy, element by element', once: () => rate(dat.length, () => copied(dat)) };
    const block = {
      name: 'copy, as a block',
      once: () => rate(dat.length, () => new Int16Array(halvesOf(dat))),
    };
    const common = { unit: 'MB/s', better: 'higher', baseline: copy.name } as const;
    const goals = [{ contender: 'COMTRADE', ratio: GOAL }];
    const read = { name: 'COMTRADE', once: () => rate(dat.length, () => readComtrade(parts)) };
    const write = {
      name: 'COMTRADE',
      once: () => rate(dat.length, () => writeComtrade(recording, { format: 'BINARY' })),
    };
    const many = manyRounds(rounds);
    return [
      await compare(
        { title: 'reading COMTRADE BINARY', ...common, goals, contenders: [copy, read, block] },
        many,
      ),
      await compare(
        { title: 'writing COMTRADE BINARY', ...common, goals, contenders: [copy, write, block] },
        many,
      ),
    ];
  },
};

/** What is kept of a round, so that nothing is left out as unused. */
let kept: unknown;

function rate(bytes: number, work: () => unknown): number {
  const start = process.hrtime.bigint();
  kept = work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (kept === undefined) throw new Error('nothing was done');
  return bytes / seconds / 1e6;
}

function halvesOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
}

/** The baseline: each 16-bit number once through a typed array. */
function copied(bytes: Uint8Array): Int16Array {
  const from = halvesOf(bytes);
  const to = new Int16Array(from.length);
  for (let i = 0; i < from.length; i += 1) to[i] = from[i] ?? 0;
  return to;
}

function event(): Recording {
  const time = { kind: 'rates' as const, startS: 0, sections: [{ count: SAMPLES, rateHz: 12_000 }] };
  return {
    name: 'event 1',
    station: 'bench',
    device: 'event 1',
    start: { unixNs: 1_700_000_000_000_000_000n, zone: 'known' },
    nominalFrequencyHz: 60,
    analog: Array.from({ length: CHANNELS }, (_, channel) => ({
      name: String(1001 + channel),
      phase: '',
      component: '',
      unit: 'V',
      samples: Int16Array.from({ length: SAMPLES }, (_, i) =>
        Math.round(20_000 * Math.sin((i + channel) / 31.83)),
      ),
      scale: 1 / 147.06,
      offset: 0,
      time,
      skewS: 0,
    })),
    digital: [],
    series: [],
    metadata: {},
  };
}
