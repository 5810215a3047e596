/** Channels that begin apart or have gaps are written from where their samples are: the same bytes as from copies that were moved before. */
import assert from 'node:assert/strict';
import { aligned } from '../../../formats/align.js';
import { PASS_RECORDS } from '../../../formats/comtrade/pass.js';
import { Records } from '../../../formats/comtrade/records.js';
import { writeComtrade } from '../../../formats/comtrade/write.js';
import type { AnalogChannel, Recording, SampleArray, TimeBase } from '../../../formats/index.js';
import { Scratch } from '../../../formats/scratch.js';
import { one } from '../support.js';
import { readBack } from './read-back.js';

const RATE = 12_000;
const wave = (i: number): number => Math.round(20_000 * Math.sin(i / 7) + (i % 101));

/** @param gaps after which sample so many are missing */
function channel(
  name: string,
  samples: SampleArray,
  shift: number,
  gaps: ReadonlyMap<number, number> = new Map(),
): AnalogChannel {
  return {
    name,
    phase: '',
    component: 'here',
    unit: 'V',
    samples,
    scale: 1 / 147.06,
    offset: 0,
    time: timeOf(samples.length, shift, gaps),
    skewS: 0,
  };
}

function timeOf(count: number, shift: number, gaps: ReadonlyMap<number, number>): TimeBase {
  const startS = shift / RATE;
  if (gaps.size === 0) return { kind: 'rates', startS, sections: [{ count, rateHz: RATE }] };
  let skipped = 0;
  const seconds = Float64Array.from({ length: count }, (_, i) => {
    const second = (shift + i + skipped) / RATE;
    skipped += gaps.get(i) ?? 0;
    return second;
  });
  return { kind: 'timestamps', seconds };
}

function recordingOf(analog: AnalogChannel[]): Recording {
  return {
    name: 'event 1',
    station: 'here',
    device: 'boxes',
    start: { unixNs: 1_700_000_000_000_000_000n, zone: 'known' },
    nominalFrequencyHz: 60,
    analog,
    digital: [],
    series: [],
    metadata: {},
  };
}

const counts = (length: number): Int16Array => Int16Array.from({ length }, (_, i) => wave(i));

describe('COMTRADE, channels that begin apart', () => {
  const long = 2 * PASS_RECORDS + 7;
  const gaps = new Map([
    [99, 3],
    [PASS_RECORDS - 50, 101],
    [PASS_RECORDS + 200, 1],
  ]);
  const cases: Record<string, AnalogChannel[]> = {
    'two boxes': [channel('a', counts(long), 0), channel('b', counts(long), 36)],
    'two boxes, an odd number of samples apart': [
      channel('a', counts(long), 3),
      channel('b', counts(long - 6), 0),
    ],
    'two boxes that have no moment in common': [
      channel('a', counts(50), 0),
      channel('b', counts(PASS_RECORDS), PASS_RECORDS + 60),
    ],
    'three boxes, which are no pair': [
      channel('a', counts(long), 0),
      channel('b', counts(100), 5000),
      channel('c', counts(long), 1),
    ],
    'four boxes, two pairs': [0, 5, 1, 2].map((shift, i) => channel(`box ${i}`, counts(long - i), shift)),
    gaps: [channel('a', counts(long), 0, gaps), channel('b', counts(long), 11, gaps)],
    'samples of which one is -32768': [
      channel('a', Int16Array.from([...counts(100), -32_768]), 0),
      channel('b', counts(long), 9),
    ],
    'numbers of other types': [
      channel('a', Int32Array.from(counts(long)), 0),
      channel('b', Float32Array.from(counts(long), Math.fround), 2),
      channel('c', Float64Array.from(counts(300)), 400),
    ],
  };
  const formats = ['BINARY', 'BINARY32', 'FLOAT32', 'ASCII', undefined] as const;

  for (const [name, analog] of Object.entries(cases)) {
    it(name, () => {
      const recording = recordingOf(analog);
      const moved = aligned(recording, 'COMTRADE');
      const scratch = new Scratch();
      const records = new Records();
      for (const format of formats) {
        const options = format === undefined ? {} : { format };
        scratch.reset();
        const written = writeComtrade(recording, { ...options, take: scratch.take });
        const expected = writeComtrade(moved, options).map(whole);
        assert.deepEqual(written.map(whole), expected, format);
        for (const again of [1, 2])
          assert.deepEqual(
            writeComtrade(recording, { ...options, records }).map(whole),
            expected,
            `${format}, ${again}`,
          );
      }
    });
  }

  it('memory that was used before: shorter and longer events, other channels and rates', () => {
    const records = new Records();
    for (const [count, channels, rate] of [
      [5000, 2, RATE],
      [4000, 2, RATE],
      [5000, 2, RATE],
      [20_000, 2, RATE],
      [4000, 3, RATE],
      [4000, 3, 4800],
      [4000, 2, RATE],
      [19_999, 2, RATE],
    ] as const) {
      const sections = [{ count, rateHz: rate }];
      const analog = Array.from({ length: channels }, (_, i) => ({
        ...channel(`box ${i}`, counts(count), 0),
        time: { kind: 'rates' as const, startS: 0, sections },
      }));
      const recording = recordingOf(analog);
      assert.deepEqual(
        writeComtrade(recording, { records }).map(whole),
        writeComtrade(recording).map(whole),
        `${count} ${channels} ${rate}`,
      );
    }
  });

  it('each sample is where its time says, the others are missing', () => {
    const read = one(readBack(writeComtrade(recordingOf(cases['two boxes'] ?? []))));
    const samples = read.analog.map((each) => each.samples);
    assert.deepEqual(
      samples.map(({ length }) => length),
      [long + 36, long + 36],
    );
    const expected = (i: number): number => (i >= 0 && i < long ? wave(i) : -32_768);
    for (let i = 0; i < long + 36; i += 1)
      assert.deepEqual([samples[0]?.[i], samples[1]?.[i]], [expected(i), expected(i - 36)], String(i));
  });
});

const whole = ({ bytes, extension }: { extension: string; bytes: Uint8Array }): string =>
  extension + Buffer.from(bytes).toString('latin1');
