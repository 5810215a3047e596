/** PQDS: the example of the specification, what other programs write, what is written and read again, and contradictions. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MakaiError } from '../../../common/errors.js';
import { momentText } from '../../../formats/moment.js';
import { readPqds, writePqds } from '../../../formats/pqds/index.js';
import { recognise } from '../../../formats/recognise.js';
import type { AnalogChannel, FileContent, Recording, TimeBase } from '../../../formats/recording.js';
import { secondsOf, valuesOf } from '../../../formats/samples.js';
import { runs } from '../../support/property.js';

const read = (text: string): FileContent => readPqds(Buffer.from(text), 'x.csv');
const warned = ({ warnings }: FileContent): string => warnings.map(({ text }) => text).join('\n');

/** As in section 6 of the specification: no header row, blanks for units. */
const EXAMPLE = [
  'DeviceName,"(FL1)", ,T,"Meter or measurement device name"',
  'DeviceLocation,"N/A", ,T,"Meter or measurement device location name"',
  'EventID,"Event 6", ,T,"A user defined Event Name"',
  'ContactEmail,"a@b.org",,T,"Email of the ""author"", if any"',
  'waveform-data,va,vb,vc,ia,ib,ic',
  '0,-148.404,0.7707,149.76,-3.51931,-0.0487,-0.082',
  '0.0013,-145.0518,-8.03,152.65,-0.8474,-0.0906,-0.082',
].join('\r\n');

describe('PQDS read', () => {
  it('the example of the specification', () => {
    const content = read(EXAMPLE);
    assert.deepEqual(content.warnings, []);
    const [recording] = content.recordings;
    assert.ok(recording !== undefined);
    assert.equal(recording.device, '(FL1)');
    assert.equal(recording.name, 'Event 6');
    assert.equal(recording.start, undefined);
    assert.deepEqual(
      recording.analog.map(({ name, phase, unit }) => `${name} ${phase} ${unit}`),
      ['va A V', 'vb B V', 'vc C V', 'ia A A', 'ib B A', 'ic C A'],
    );
    const [va] = recording.analog;
    assert.ok(va !== undefined);
    assert.deepEqual([...valuesOf(va)], [-148.404, -145.0518]);
    assert.deepEqual([...secondsOf(va.time)], [0, 0.0013]);
  });

  it('milliseconds, which the tools of the GPA write, where seconds cannot be meant; and says so', () => {
    const rows = Array.from({ length: 64 }, (_, i) => `${(i * 1000) / 15_360},${i}`);
    const content = read(['NominalFrequency,"60",Hz,N,""', 'waveform-data,va', ...rows].join('\n'));
    assert.match(warned(content), /milliseconds, which gives 15360 samples a second; .* would give 15\.36/);
    const time = content.recordings[0]?.analog[0]?.time as TimeBase;
    assert.ok(Math.abs((secondsOf(time)[63] ?? 0) - 63 / 15_360) < 1e-12);
    const asSaid = readPqds(Buffer.from(`waveform-data,va\n0,1\n0.5,2\n`), 'x.csv', { timeUnit: 's' });
    assert.deepEqual([...secondsOf(asSaid.recordings[0]?.analog[0]?.time as TimeBase)], [0, 0.5]);
  });

  it('the start by its fields, by date and time, with a zone', () => {
    const start = (...rows: string[]): FileContent =>
      read([...rows, 'waveform-data,f', '0,60', '0.001,60'].join('\n'));
    const textOf = (content: FileContent): string => {
      const moment = content.recordings[0]?.start;
      return moment === undefined ? 'none' : momentText(moment, 9);
    };
    const fields = [
      'EventYear,"2020",,E,',
      'EventMonth,"2",,E,',
      'EventDayofMonth,"29",,E,',
      'EventHour,"1",,E,',
    ];
    const rest = ['EventMinute,"2",,E,', 'EventSecond,"3",,E,', 'EventNanoSeconds,"456",,N,'];
    const first = start(...fields, ...rest, 'EventTimeZone,"UTC-10:00",,T,');
    assert.equal(textOf(first), '2020-02-29T11:02:03.000000456Z');
    assert.deepEqual(first.warnings, []);
    const second = start('EventDate,"02/29/2020",,T,', 'EventTime,"01:02:03",,T,');
    assert.equal(textOf(second), '2020-02-29T01:02:03.000000000Z');
    assert.match(warned(second), /no time zone is given/);
    const third = start(...fields, ...rest, 'EventDate,"02/28/2020",,T,', 'EventTime,"01:02:03",,T,');
    assert.match(
      warned(third),
      /say 2020-02-29T01:02:03.000Z, EventDate and EventTime 2020-02-28T01:02:03.000Z/,
    );
    assert.match(warned(start('EventDate,"02/30/2020",,T,', 'EventTime,"01:02:03",,T,')), /is no date/);
  });

  it('RMS values as series, with minimum and maximum', () => {
    const content = read(
      [
        'WaveformDataType,"1",,E,""',
        'waveform-data,va,va-min,va-max,f',
        '0,120,119,121,60',
        '60,120,110,125,60',
      ].join('\n'),
    );
    assert.deepEqual(
      content.recordings[0]?.series.map(({ name, statistic, values }) => `${name} ${statistic} ${values}`),
      ['voltage value 120,120', 'voltage min 119,110', 'voltage max 121,125', 'frequency value 60,60'],
    );
  });

  const wrong: [string, string[], RegExp][] = [
    ['no data', ['DeviceName,"x",,T,""'], /no row begins with waveform-data/],
    ['no measurement', ['waveform-data', '0'], /no measurement is named/],
    ['a measurement twice', ['waveform-data,va,VA', '0,1,2'], /line 1: measurement "VA" is named twice/],
    ['no rows', ['waveform-data,va'], /no row of measurements/],
    ['a text for a number', ['waveform-data,va', '0,1', '0.1,x'], /line 3: expected a number/],
    ['rows of another width', ['waveform-data,va', '0,1', '0.1,1,2', '0.2,1'], /line 3: 3 fields/],
    ['times that fall', ['waveform-data,va', '0,1', '-1,1'], /row 2 .* time -1, after 0/],
    ['half a number', ['waveform-data,va', '0,"1,5"', '0.1,1'], /line 2: .*"1,5"/],
    ['no times', ['waveform-data,va', 'x,1', 'y,1'], /times/],
  ];
  for (const [what, rows, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => read(rows.join('\n')),
        (error: unknown) => {
          assert.ok(error instanceof MakaiError && error.code === 'RECORDING_INVALID');
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('takes a nominal frequency of no grid for unknown, and says so', () => {
    for (const hz of ['0', '-60', '1e9', 'NaN', 'sixty']) {
      const content = read(`NominalFrequency,"${hz}",Hz,N,""\nwaveform-data,f\n0,60\n0.001,60`);
      assert.equal(content.recordings[0]?.nominalFrequencyHz, undefined);
      assert.match(warned(content), /none of any grid/);
    }
  });

  it('a key that stands twice', () => {
    assert.match(
      warned(read('EventID,"1",,T,""\nEventID,"2",,T,""\nwaveform-data,f\n0,60\n0.001,60')),
      /EventID stands twice, as "1" in line 1 and "2"/,
    );
  });
});

const word = fc.stringMatching(/^[A-Za-z0-9 ,."_-]{0,20}$/).map((text) => text.trim());

/** Times that differ by a nanosecond at least. */
const times = (count: number): fc.Arbitrary<Float64Array> =>
  fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: count, maxLength: count }).map((steps) => {
    let at = -500;
    return Float64Array.from(steps, (step) => {
      at += step;
      return at / 1e9;
    });
  });

function channels(count: number, time: TimeBase): fc.Arbitrary<AnalogChannel> {
  return fc.record({
    name: word,
    phase: fc.constantFrom('', 'A', 'B', 'AN', 'AB'),
    component: word,
    unit: fc.constantFrom('V', 'A', '', '%'),
    samples: fc.float64Array({ minLength: count, maxLength: count, noDefaultInfinity: true }),
    scale: fc.constant(1),
    offset: fc.constant(0),
    time: fc.constant(time),
    skewS: fc.constant(0),
  });
}

const recordings: fc.Arbitrary<Recording> = fc.integer({ min: 2, max: 30 }).chain((count) =>
  times(count).chain((seconds) =>
    fc.record({
      name: word,
      station: word,
      device: word,
      start: fc
        .bigInt({ min: 0n, max: 4_000_000_000_000_000_000n })
        .map((unixNs) => ({ unixNs, zone: 'known' as const })),
      nominalFrequencyHz: fc.constantFrom(50, 60, 16.7, undefined),
      analog: fc.array(channels(count, { kind: 'timestamps', seconds }), { minLength: 1, maxLength: 4 }),
      digital: fc.constant([]),
      series: fc.constant([]),
      metadata: fc.constant({}),
    }),
  ),
);

describe('PQDS written and read again', () => {
  it('keeps names, units, times to the picosecond and every value', () => {
    fc.assert(
      fc.property(recordings, (given) => {
        const [file] = writePqds(given);
        assert.ok(file !== undefined);
        assert.deepEqual(recognise(file.bytes), { kind: 'pqds' });
        const { recordings: all, warnings } = readPqds(file.bytes, 'x.csv');
        assert.deepEqual(warnings, []);
        const [is] = all;
        assert.ok(is !== undefined);
        for (const key of ['name', 'station', 'device', 'start', 'nominalFrequencyHz'] as const)
          assert.deepEqual(is[key], given[key]);
        assert.equal(is.analog.length, given.analog.length);
        for (const [i, channel] of given.analog.entries()) {
          const found: AnalogChannel | undefined = is.analog[i];
          assert.ok(found !== undefined);
          for (const key of ['name', 'phase', 'component', 'unit'] as const)
            assert.equal(found[key], channel[key]);
          assert.deepEqual([...valuesOf(found)].map(plain), [...valuesOf(channel)].map(plain));
          const expected = secondsOf(channel.time);
          assert.ok(secondsOf(found.time).every((time, at) => Math.abs(time - (expected[at] ?? 0)) < 1e-12));
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it('missing samples in every second row are no channel of half the rate', () => {
    const seconds = Float64Array.from([0, 0.001, 0.002, 0.003, 0.004]);
    const samples = Float64Array.from([1, Number.NaN, 3, Number.NaN, 5]);
    const time: TimeBase = { kind: 'timestamps', seconds };
    const base = { phase: '', component: '', unit: 'V', scale: 1, offset: 0, skewS: 0, time };
    for (const others of [[], [{ ...base, name: 'b', samples: Float64Array.of(1, 2, 3, 4, 5) }]]) {
      const [file] = writePqds({
        ...{ name: '', station: '', device: '', start: undefined, nominalFrequencyHz: 60 },
        ...{ analog: [{ ...base, name: 'a', samples }, ...others], digital: [], series: [], metadata: {} },
      });
      const [is] = readPqds(file?.bytes ?? Buffer.of(), 'x.csv').recordings;
      assert.deepEqual(is?.analog[0]?.samples, samples);
    }
  });

  /** Without exponents the smallest have 20 decimals. */
  const plain = (value: number): number => (Math.abs(value) < 1 ? Number(value.toFixed(20)) + 0 : value);

  it('channels of two rates and states', () => {
    const time = (rateHz: number, count: number): TimeBase => ({
      kind: 'rates',
      startS: 0,
      sections: [{ count, rateHz }],
    });
    const base = { phase: 'A', component: '', scale: 1, offset: 0, skewS: 0 };
    const recording: Recording = {
      name: '',
      station: '',
      device: '',
      start: undefined,
      nominalFrequencyHz: 60,
      analog: [
        {
          ...base,
          name: 'U',
          unit: 'kV',
          samples: Float64Array.from({ length: 8 }, (_, i) => i),
          time: time(15_360, 8),
        },
        { ...base, name: 'I', unit: 'A', samples: Float64Array.of(5, 6, 7, 8), time: time(7680, 4) },
      ],
      digital: [
        {
          name: 'trip',
          phase: '',
          component: '',
          normal: 0,
          states: Uint8Array.of(0, 0, 1, 1, 1, 0, 0, 0),
          time: time(15_360, 8),
        },
      ],
      series: [],
      metadata: {},
    };
    const [file] = writePqds(recording);
    const [is] = readPqds(file?.bytes ?? new Uint8Array(), 'x.csv').recordings;
    const [voltage, current] = is?.analog ?? [];
    assert.ok(voltage !== undefined && current !== undefined);
    assert.equal(voltage.unit, 'V');
    assert.deepEqual([...valuesOf(voltage)], [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000]);
    assert.deepEqual([...valuesOf(current)], [5, 6, 7, 8]);
    assert.equal(secondsOf(current.time).length, 4);
    assert.deepEqual([...(is?.digital[0]?.states ?? [])], [0, 0, 1, 1, 1, 0, 0, 0]);
  });

  it('waveforms and values become two files; times that do not rise none', () => {
    const seconds = Float64Array.of(0, 60);
    const series = {
      name: 'thd',
      phase: '',
      component: '',
      unit: '%',
      statistic: 'max' as const,
      values: Float64Array.of(1, 2),
      seconds,
    };
    const empty = {
      name: '',
      station: '',
      device: '',
      start: undefined,
      nominalFrequencyHz: undefined,
      digital: [],
      metadata: {},
    };
    const files = writePqds({ ...empty, analog: [], series: [series] });
    assert.deepEqual(
      files.map(({ extension }) => extension),
      ['.csv'],
    );
    const [is] = readPqds(files[0]?.bytes ?? new Uint8Array(), 'x.csv').recordings;
    assert.deepEqual(is?.series, [series]);
    assert.throws(
      () => writePqds({ ...empty, analog: [], series: [{ ...series, seconds: Float64Array.of(1, 1) }] }),
      /do not rise/,
    );
    assert.throws(() => writePqds({ ...empty, analog: [], series: [] }), /no channels/);
  });
});
