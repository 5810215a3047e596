/** Recordings as PQDIF can hold them. */
import fc from 'fast-check';
import type {
  AnalogChannel,
  DigitalChannel,
  Recording,
  SampleArray,
  TimeBase,
  ValueSeries,
} from '../../../formats/recording.js';

const text = fc.string({ minLength: 1, maxLength: 12 }).map((value) => value.replaceAll('\0', ' ').trim());
const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0);
const moment = fc
  .bigInt({ min: -2_000_000_000_000_000_000n, max: 4_000_000_000_000_000_000n })
  .map((unixNs) => ({ unixNs, zone: 'known' as const }));

function samples(count: number): fc.Arbitrary<SampleArray> {
  const of = { minLength: count, maxLength: count };
  return fc.oneof(
    fc.int16Array(of),
    fc.int32Array(of),
    fc.float32Array({ ...of, noDefaultInfinity: true }),
    fc.float64Array({ ...of, noDefaultInfinity: true }),
  );
}

function timeBase(count: number): fc.Arbitrary<TimeBase> {
  const rateHz = fc.oneof(
    fc.integer({ min: 1, max: 1_000_000 }),
    fc.double({ min: 0.01, max: 1e6, noNaN: true }),
  );
  return fc.oneof(
    fc.tuple(rateHz, finite).map(
      ([rate, startS]): TimeBase => ({
        kind: 'rates',
        startS: startS / 1000,
        sections: [{ count, rateHz: rate }],
      }),
    ),
    fc.tuple(rateHz, rateHz).map(([first, second]): TimeBase => {
      const half = Math.floor(count / 2);
      const sections = [
        { count: half, rateHz: first },
        { count: count - half, rateHz: second },
      ];
      return { kind: 'rates', startS: 0, sections: sections.filter((section) => section.count > 0) };
    }),
    fc
      .float64Array({ minLength: count, maxLength: count, min: -1e6, max: 1e6, noNaN: true })
      .map((seconds): TimeBase => ({ kind: 'timestamps', seconds })),
  );
}

const phase = fc.constantFrom('', 'AN', 'BN', 'CN', 'NG', 'AB', 'BC', 'CA');

function analog(time: TimeBase, count: number): fc.Arbitrary<AnalogChannel> {
  return fc.record({
    name: text,
    phase,
    component: text,
    unit: fc.constantFrom('V', 'A', '', 'Hz', '%', 'W'),
    samples: samples(count),
    scale: fc.oneof(fc.constant(1), fc.double({ min: 1e-6, max: 1e3, noNaN: true })),
    offset: fc.oneof(fc.constant(0), finite),
    time: fc.constant(time),
    skewS: fc.constant(0),
  });
}

function digital(time: TimeBase, count: number): fc.Arbitrary<DigitalChannel> {
  return fc.record({
    name: text,
    phase,
    component: text,
    normal: fc.constant(0 as const),
    states: fc.uint8Array({ minLength: count, maxLength: count, max: 1 }),
    time: fc.constant(time),
  });
}

function series(count: number): fc.Arbitrary<ValueSeries[]> {
  // Without -0, which a scale and an offset turn into 0.
  const numbers = fc
    .float64Array({ minLength: count, maxLength: count, min: -1e6, max: 1e6, noNaN: true })
    .map((all) => all.map((value) => value + 0));
  return fc
    .record({
      name: fc.constantFrom('voltage', 'frequency', 'thd', 'transient', 'current'),
      phase,
      component: text,
      seconds: numbers,
      min: numbers,
      max: numbers,
      average: numbers,
    })
    .map(({ name, phase: of, component, seconds, ...values }) =>
      (['min', 'max', 'average'] as const).map((statistic) => ({
        name,
        phase: of,
        component,
        unit: name === 'frequency' ? 'Hz' : 'V',
        statistic,
        values: values[statistic],
        seconds,
      })),
    );
}

/** A recording with waveforms, states and values that share a time base. */
export const recordings: fc.Arbitrary<Recording> = fc.integer({ min: 1, max: 40 }).chain((count) =>
  timeBase(count).chain((time) =>
    fc.record({
      name: text,
      station: text,
      device: text,
      start: moment,
      nominalFrequencyHz: fc.constantFrom(50, 60, undefined),
      analog: fc.array(analog(time, count), { minLength: 1, maxLength: 3 }),
      digital: fc.array(digital(time, count), { maxLength: 2 }),
      series: fc.array(series(count), { maxLength: 1 }).map((all) => all.flat()),
      metadata: fc.constant({}),
    }),
  ),
);
