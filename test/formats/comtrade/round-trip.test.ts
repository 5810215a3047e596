/** What is written as COMTRADE is read as it was, within the resolution of the data format. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { writeComtrade } from '../../../formats/comtrade/index.js';
import { type AnalogChannel, type Recording, secondsOf, valuesOf } from '../../../formats/index.js';
import { rateBases, recordings, stampBases } from '../arbitraries.js';
import { near, one } from '../support.js';
import { readBack } from './read-back.js';

type Options = Parameters<typeof writeComtrade>[1] & object;

/** Half a step of the format over the span of the values. */
function tolerance(channel: AnalogChannel, read: AnalogChannel): number {
  const values = [...valuesOf(channel)].filter((value) => !Number.isNaN(value));
  const peak = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (read.samples instanceof Float32Array) return peak * 2 ** -23 + 1e-40;
  return Math.abs(read.scale) * 0.500001 + peak * 1e-12 + 1e-290;
}

function check(recording: Recording, options: Options): void {
  const content = readBack(writeComtrade(recording, options));
  assert.equal(content.revision, String(options.revision ?? 2013));
  const read = one(content);
  const odd = content.warnings.filter(({ text }) => !/line frequency of 0 Hz|time quality F/.test(text));
  assert.deepEqual(odd, []);
  const text = (value: string): string => (options.revision === 1999 ? '' : value.replaceAll(',', ';'));
  if (options.revision !== 1999)
    assert.deepEqual([read.station, read.device], [text(recording.station), text(recording.device)]);
  assert.equal(read.nominalFrequencyHz, recording.nominalFrequencyHz);
  if (recording.start !== undefined) {
    assert.equal(read.start?.unixNs, recording.start.unixNs);
    if (options.revision !== 1999) assert.equal(read.start?.uncertaintyNs, recording.start.uncertaintyNs);
  }
  assert.equal(read.analog.length, recording.analog.length);
  for (const [i, channel] of recording.analog.entries()) {
    const found = read.analog[i] ?? assert.fail();
    if (options.revision !== 1999)
      assert.deepEqual([found.name, found.component], [channel.name, channel.component]);
    assert.deepEqual([found.phase, found.unit], [channel.phase, channel.unit]);
    near([found.skewS], [channel.skewS], 1e-9);
    assert.deepEqual(found.transformer, channel.transformer ?? { primary: 1, secondary: 1, side: 'primary' });
    const [was, is] = [valuesOf(channel), valuesOf(found)];
    const allowed = tolerance(channel, found);
    assert.equal(is.length, was.length);
    for (const [k, value] of was.entries()) {
      const other = is[k] ?? 0;
      const same = Number.isNaN(value) ? Number.isNaN(other) : Math.abs(other - value) <= allowed;
      assert.ok(same, `${channel.name} ${k}: ${value} became ${other}, allowed ${allowed}`);
    }
    near(secondsOf(found.time), secondsOf(channel.time), 1e-9);
  }
  for (const [i, { name, states, normal }] of recording.digital.entries()) {
    const found = read.digital[i];
    assert.deepEqual([...(found?.states ?? [])], [...states]);
    assert.equal(found?.normal, normal);
    if (options.revision !== 1999) assert.equal(found?.name, name);
  }
}

const VARIANTS: Options[] = [
  { revision: 1999, format: 'ASCII' },
  { revision: 1999, format: 'BINARY' },
  { format: 'ASCII' },
  { format: 'BINARY' },
  { format: 'BINARY32' },
  { format: 'FLOAT32' },
  { format: 'ASCII', single: true },
  { format: 'BINARY32', single: true },
  {},
  { single: true },
];

describe('COMTRADE, written and read', () => {
  for (const options of VARIANTS) {
    it(`${JSON.stringify(options)}: samples, times, names, units`, () => {
      fc.assert(
        fc.property(fc.oneof(recordings(rateBases), recordings(stampBases)), (recording) =>
          check(recording, options),
        ),
        { numRuns: 60 },
      );
    });
  }

  const plain = (samples: Int16Array, more: Partial<AnalogChannel> = {}, startS = 0): AnalogChannel => ({
    name: '1001',
    phase: '',
    component: 'kitchen',
    unit: 'V',
    samples,
    scale: 1 / 147.06,
    offset: 0,
    time: { kind: 'rates', startS, sections: [{ count: samples.length, rateHz: 12_000 }] },
    skewS: 0,
    ...more,
  });
  const event = (...analog: AnalogChannel[]): Recording => ({
    name: 'event 12',
    station: 'OPQ',
    device: 'event 12',
    start: { unixNs: 1_700_000_000_123_456_000n, zone: 'known', uncertaintyNs: 1_000_000n },
    nominalFrequencyHz: 60,
    analog,
    digital: [],
    series: [],
    metadata: { event: '12' },
  });

  it('counts of a box are the very counts, its calibration the multiplier', () => {
    const samples = Int16Array.from({ length: 400 }, (_, i) => Math.round(20_000 * Math.sin(i / 31.83)));
    const read = one(readBack(writeComtrade(event(plain(samples)))));
    assert.deepEqual(read.analog[0]?.samples, samples);
    assert.equal(read.analog[0]?.scale, 1 / 147.06);
    assert.equal(read.metadata.hdr, 'event: 12');
  });

  it('all 65,536 counts, of which BINARY has one less: exact to half a count', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const channel = plain(samples);
    const read =
      one(readBack(writeComtrade(event(channel), { format: 'BINARY' }))).analog[0] ?? assert.fail();
    const [was, is] = [valuesOf(channel), valuesOf(read)];
    const worst = was.reduce((most, value, i) => Math.max(most, Math.abs(value - (is[i] ?? 0))), 0);
    assert.ok(worst <= 0.5001 / 147.06, `${worst * 147.06} counts`);
  });

  it('boxes that begin apart: whole samples of shift, the rest as skew, missing samples as such', () => {
    const samples = Int16Array.from({ length: 24 }, (_, i) => i);
    const late = plain(samples, { name: '1002' }, 10.3 / 12_000);
    for (const format of ['BINARY', 'ASCII', 'BINARY32', 'FLOAT32'] as const) {
      const [first, second] = one(readBack(writeComtrade(event(plain(samples), late), { format }))).analog;
      assert.ok(first && second);
      const nothing = (count: number) => new Array<number>(count).fill(Number.NaN);
      near(valuesOf(first), [...valuesOf(plain(samples)), ...nothing(10)], 1e-6);
      near(valuesOf(second), [...nothing(10), ...valuesOf(late)], 1e-6);
      near([second.skewS], [0.3 / 12_000], 1e-9);
    }
    const full = plain(Int16Array.from(samples).fill(-32_768, 3, 4));
    const read = one(readBack(writeComtrade(event(full, late))));
    near(
      read.analog[0] && valuesOf(read.analog[0]),
      [...valuesOf(full), ...new Array<number>(10).fill(Number.NaN)],
      1e-9,
    );
  });

  it('refuses what it cannot hold, with what to do', () => {
    const samples = Int16Array.of(1, 2, 3);
    const other = plain(samples, {
      time: { kind: 'rates', startS: 0, sections: [{ count: 3, rateHz: 4800 }] },
    });
    assert.throws(() => writeComtrade(event(plain(samples), other)), /different sampling rates/);
    assert.throws(() => writeComtrade(event()), /has no waveform/);
    assert.throws(
      () => writeComtrade(event(plain(samples)), { revision: 1999, format: 'FLOAT32' }),
      /1999.*has no FLOAT32/,
    );
    assert.throws(() => writeComtrade(event(plain(samples), plain(samples, {}, 1e6))), /1\.000e\+6 s apart/);
  });
});
