/** Recordings of every shape that the model allows, within what instruments make. */
import fc from 'fast-check';
import type { AnalogChannel, DigitalChannel, Recording, SampleArray, TimeBase } from '../../formats/index.js';

const letters = 'abcXYZ 0129äßéΩ测试_-().;:/"\'';
/** Names without commas and control characters, without blanks at their ends. */
export const names = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 20 })
  .map((all) => all.join('').trim())
  .filter((text) => text !== '');

export const counts = fc.integer({ min: 1, max: 60 });
const scales = fc.constantFrom(1, 0.01, 1 / 147.06, 0.0068, -0.25, 12.5, 1e-6, 3);
const offsets = fc.constantFrom(0, 0, 0.5, -1.1, 120);

export function sampleArrays(count: number): fc.Arbitrary<SampleArray> {
  const float = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const exact = { minLength: count, maxLength: count };
  return fc.oneof(
    fc.int16Array(exact),
    fc.int32Array(exact),
    fc.array(float, exact).map((values) => Float32Array.from(values)),
    fc.array(float, exact).map((values) => Float64Array.from(values)),
  );
}

export function rateBases(count: number, most = 3): fc.Arbitrary<TimeBase> {
  const rates = fc.array(fc.constantFrom(1000, 1920, 4800, 12_000, 15_360, 30_707.244140625), {
    minLength: 1,
    maxLength: most,
  });
  return rates.map((all) => {
    const each = Math.floor(count / all.length);
    const sections = all.map((rateHz, i) => ({
      rateHz,
      count: i === all.length - 1 ? count - each * (all.length - 1) : each,
    }));
    return { kind: 'rates', startS: 0, sections: sections.filter((section) => section.count > 0) };
  });
}

export function stampBases(count: number): fc.Arbitrary<TimeBase> {
  return fc
    .array(fc.integer({ min: 1, max: 100_000 }), { minLength: count, maxLength: count })
    .map((steps) => {
      let us = -(steps[0] ?? 0);
      return {
        kind: 'timestamps',
        seconds: Float64Array.from(steps, (step) => {
          us += step;
          return us / 1e6;
        }),
      };
    });
}

function analogChannels(count: number, time: TimeBase): fc.Arbitrary<AnalogChannel> {
  return fc
    .record({
      name: names,
      phase: fc.constantFrom('', 'A', 'B', 'AB'),
      component: fc.oneof(fc.constant(''), names),
      unit: fc.constantFrom('V', 'kV', 'A', ''),
      samples: sampleArrays(count),
      scale: scales,
      offset: offsets,
      holes: fc.array(fc.nat({ max: count - 1 }), { maxLength: 3 }),
      skewUs: fc.integer({ min: -50, max: 50 }),
      transformer: fc.option(
        fc.record({
          primary: fc.constantFrom(1, 100, 14_400),
          secondary: fc.constantFrom(1, 120),
          side: fc.constantFrom('primary' as const, 'secondary' as const),
        }),
        { nil: undefined },
      ),
    })
    .map(({ holes, skewUs, samples, transformer, ...rest }) => {
      const missing =
        samples instanceof Int16Array ? -0x8000 : samples instanceof Int32Array ? -0x8000_0000 : Number.NaN;
      for (const hole of holes) samples[hole] = missing;
      return {
        ...rest,
        samples,
        ...(holes.length > 0 && !Number.isNaN(missing) && { missing }),
        time,
        skewS: skewUs / 1e6,
        ...(transformer !== undefined && { transformer: { ...transformer } }),
      };
    });
}

function digitalChannels(count: number, time: TimeBase): fc.Arbitrary<DigitalChannel> {
  return fc
    .record({
      name: names,
      phase: fc.constantFrom('', 'A'),
      component: fc.oneof(fc.constant(''), names),
      normal: fc.constantFrom(0 as const, 1 as const),
      states: fc.array(fc.constantFrom(0, 1), { minLength: count, maxLength: count }),
    })
    .map(({ states, ...rest }) => ({ ...rest, states: Uint8Array.from(states), time }));
}

export function recordings(bases: (count: number) => fc.Arbitrary<TimeBase>): fc.Arbitrary<Recording> {
  return counts.chain((count) =>
    bases(count).chain((time) =>
      fc
        .record({
          station: names,
          device: names,
          startUs: fc.option(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), { nil: undefined }),
          decade: fc.integer({ min: 0, max: 10 }),
          nominalFrequencyHz: fc.constantFrom(undefined, 50, 60, 16.7),
          analog: fc.array(analogChannels(count, time), { minLength: 1, maxLength: 4 }),
          digital: fc.array(digitalChannels(count, time), { maxLength: 20 }),
        })
        .map(({ startUs, decade, ...rest }) => ({
          name: '',
          start:
            startUs === undefined
              ? undefined
              : {
                  unixNs: BigInt(startUs) * 1000n,
                  zone: 'known' as const,
                  uncertaintyNs: 10n ** BigInt(decade),
                },
          series: [],
          metadata: {},
          ...rest,
        })),
    ),
  );
}
