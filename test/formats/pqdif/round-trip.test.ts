/** What is written is read again. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { momentFromMs } from '../../../formats/moment.js';
import { readPqdif, writePqdif } from '../../../formats/pqdif/index.js';
import type { AnalogChannel, Recording, TimeBase } from '../../../formats/recording.js';
import { secondsOf, valuesOf } from '../../../formats/samples.js';
import { runs } from '../../support/property.js';
import { recordings } from './arbitrary.js';

const options = { created: momentFromMs(1_700_000_000_000), fileName: 'x.pqd' };

function roundTrip(given: readonly Recording[], compress = true): Recording[] {
  const { recordings: read, warnings } = readPqdif(writePqdif(given, { ...options, compress }), 'x.pqd');
  assert.deepEqual(warnings, []);
  return read;
}

/** Steps are written, not rates: a rate may come back one place of a double off. */
function sameTimes(read: TimeBase, given: TimeBase): void {
  assert.equal(read.kind, given.kind);
  const [is, was] = [secondsOf(read), secondsOf(given)];
  assert.equal(is.length, was.length);
  const within = (value: number, i: number): boolean =>
    Math.abs(value - (was[i] ?? Number.NaN)) <= 1e-12 * Math.max(1, Math.abs(value));
  assert.ok(is.every(within), `${is} is not ${was}`);
}

function same(read: Recording | undefined, given: Recording): void {
  assert.ok(read !== undefined);
  for (const key of ['name', 'station', 'device', 'nominalFrequencyHz'] as const)
    assert.equal(read[key], given[key]);
  // Seconds of a day are a double: 15 ps.
  assert.equal(read.start?.unixNs, given.start?.unixNs);
  assert.equal(read.analog.length, given.analog.length);
  for (const [i, channel] of given.analog.entries()) {
    const { time, ...rest } = read.analog[i] as AnalogChannel;
    const { time: givenTime, ...givenRest } = channel;
    assert.deepEqual(rest, givenRest);
    sameTimes(time, givenTime);
  }
  assert.deepEqual(
    read.digital.map(({ time: _, ...rest }) => rest),
    given.digital.map(({ time: _, ...rest }) => rest),
  );
  assert.deepEqual(read.series, given.series);
}

describe('PQDIF: written and read again', () => {
  it('keeps names, units, times and every sample', () => {
    fc.assert(
      fc.property(fc.array(recordings, { minLength: 1, maxLength: 3 }), fc.boolean(), (given, compress) => {
        const read = roundTrip(given, compress);
        assert.equal(read.length, given.length);
        for (const [i, one] of given.entries()) same(read[i], one);
      }),
      { numRuns: runs(80) },
    );
  });

  it('compresses where that helps: samples of eight bits, and not those with noise in their last bits', () => {
    const [given] = fc.sample(recordings, { numRuns: 1, seed: 5 });
    const count = 20_000;
    const sized = (samples: Int16Array): Uint8Array => {
      const time: TimeBase = { kind: 'rates', startS: 0, sections: [{ count, rateHz: 12_000 }] };
      const [first] = given?.analog ?? [];
      assert.ok(given !== undefined && first !== undefined);
      const one = { ...given, analog: [{ ...first, samples, time }], digital: [], series: [] };
      const bytes = writePqdif([one], options);
      const [read] = readPqdif(bytes, 'x.pqd').recordings;
      assert.deepEqual(read?.analog[0]?.samples, samples);
      return bytes;
    };
    const sine = (i: number): number => 25_000 * Math.sin((2 * Math.PI * i) / 200);
    const coarse = Int16Array.from({ length: count }, (_, i) => 256 * Math.round(sine(i) / 256));
    const noisy = Int16Array.from({ length: count }, (_, i) => sine(i) + 200 * Math.sin(i * i));
    assert.ok(sized(coarse).length < count, 'not half of the bytes');
    assert.ok(sized(noisy).length >= 2 * count, 'compressed');
  });

  it('shares one time base, so that reading makes one object of it', () => {
    const [given] = fc.sample(recordings, { numRuns: runs(1), seed: 3 });
    assert.ok(given !== undefined);
    const [first] = given.analog;
    assert.ok(first !== undefined);
    const [read] = roundTrip([{ ...given, analog: [first, { ...first, name: 'second' }] }]);
    assert.equal(read?.analog[0]?.time, read?.analog[1]?.time);
  });

  it('writes kilovolts as volts, missing samples as NaN, a skew into the times', () => {
    const channel: AnalogChannel = {
      name: 'U1',
      phase: 'A',
      component: '',
      unit: 'kV',
      samples: Int16Array.of(1, 2, -32_768, 4),
      scale: 0.5,
      offset: 0,
      missing: -32_768,
      time: { kind: 'rates', startS: 0, sections: [{ count: 4, rateHz: 1000 }] },
      skewS: 0.25,
    };
    const [read] = roundTrip([
      {
        name: '',
        station: '',
        device: '',
        start: undefined,
        nominalFrequencyHz: undefined,
        analog: [channel],
        digital: [],
        series: [],
        metadata: {},
      },
    ]);
    const [one] = read?.analog ?? [];
    assert.ok(one !== undefined);
    assert.equal(one.unit, 'V');
    assert.equal(one.phase, 'AN');
    assert.deepEqual([...valuesOf(one)], [500, 1000, Number.NaN, 2000]);
    assert.deepEqual([...secondsOf(one.time)], [0.25, 0.251, 0.252, 0.253]);
    assert.equal(read?.start, undefined);
  });

  it('refuses a unit that PQDIF does not have', () => {
    const [given] = fc.sample(recordings, { numRuns: runs(1), seed: 4 });
    const [first] = given?.analog ?? [];
    assert.ok(given !== undefined && first !== undefined);
    assert.throws(() => roundTrip([{ ...given, analog: [{ ...first, unit: 'l/s' }] }]), {
      code: 'RECORDING_INVALID',
      message: /unit "l\/s"/,
    });
  });
});
