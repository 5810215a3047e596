/** Whole waveforms: one incident a disturbance and quantity, with every class; bad input is a remark and never an exception. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type AnalyseOptions,
  analyseWaveform,
  gapsOf,
  type IncidentCandidate,
  sampleRuns,
  type WaveformAnalysis,
} from '../../../signal/index.js';
import { dip, type Wave, wave } from '../waves.js';

const RATE = 12_000;
const OPTIONS: AnalyseOptions = {
  rate: RATE,
  nominalVoltage: 120,
  nominalFrequency: 60,
  calibration: 1,
  startMs: 1_000_000,
};
const MAINS: Wave = {
  rate: RATE,
  seconds: 2,
  hz: 60.01,
  noise: 0.12,
  step: 0.01,
  harmonics: [
    [3, 0.015],
    [5, 0.02, 80],
  ],
};

const analysed = (spec: Partial<Wave>, options: Partial<AnalyseOptions> = {}): WaveformAnalysis =>
  analyseWaveform(wave({ ...MAINS, ...spec }), { ...OPTIONS, ...options });

function only({ incidents, remarks }: WaveformAnalysis): IncidentCandidate {
  assert.equal(incidents.length, 1, JSON.stringify(incidents));
  assert.deepEqual(remarks, []);
  const [incident] = incidents;
  assert.ok(incident !== undefined);
  return incident;
}

const level = (from: number, to: number, pu: number): ((t: number) => number) => {
  const share = dip(RATE, from, to, pu);
  return (t) => 120 * share(t);
};

const near = (actual: number, expected: number, allowed: number): void =>
  assert.ok(Math.abs(actual - expected) <= allowed, `${actual}, expected ${expected} ± ${allowed}`);

const field = (incident: IncidentCandidate, key: string): Record<string, unknown> =>
  incident.metadata[key] as Record<string, unknown>;

describe('signal/classify analyseWaveform', () => {
  it('undisturbed mains are no incident, at 50 and 60 Hz, with 8 bits and noise of 1 %', () => {
    for (const spec of [
      {},
      { noise: 1.2 },
      { step: 1.7, offset: 1.1 },
      { hz: 59.85 },
      { volts: 111 },
      { volts: 131 },
    ]) {
      const { incidents, remarks, summary } = analysed(spec);
      assert.deepEqual(incidents, [], JSON.stringify(spec));
      assert.deepEqual(remarks, []);
      near(summary.frequency, spec.hz ?? 60.01, 0.002);
    }
    const { incidents } = analysed({ hz: 50.1, volts: 228 }, { nominalVoltage: 230, nominalFrequency: 50 });
    assert.deepEqual(incidents, []);
  });

  it('a sag: one incident, all its classes, numbers that are right', () => {
    const incident = only(analysed({ volts: level(0.7, 1.0, 0.6) }));
    assert.equal(incident.quantity, 'VOLTAGE');
    assert.deepEqual(incident.classes, ['VOLTAGE_SAG', 'ITIC_NO_DAMAGE', 'SEMI_F47_VIOLATION']);
    assert.equal(incident.ieeeDuration, 'INSTANTANEOUS');
    near(incident.startMs, 1_000_700, 2);
    near(incident.endMs, 1_001_000, 2);
    near(incident.worst, 72.1, 0.3);
    near(incident.deviation, 72.1 - 120, 0.3);
    near(Number(incident.metadata.duration_cycles), 18, 0.2);
    assert.equal(incident.metadata.en50160_cell, 'C2');
    assert.equal(incident.metadata.shape, 'rectangular');
    assert.ok(Number(incident.metadata.shape_confidence) > 0.9);
    assert.equal(field(incident, 'semi_f47').required, 'violated');
    const standard = field(incident, 'iec61000_4_30');
    const duration = Number(standard.duration_s);
    assert.ok(duration > 0.3 && duration < 0.3 + 2 / 60, `${duration}`);
  });

  it('a sag that ITIC and SEMI F47 allow', () => {
    const incident = only(analysed({ volts: level(0.7, 0.8, 0.75) }));
    assert.deepEqual(incident.classes, ['VOLTAGE_SAG']);
    assert.equal(field(incident, 'itic').region, 'no interruption');
    assert.equal(field(incident, 'itic').scale, '120 V');
  });

  it('swells and interruptions', () => {
    const swell = only(analysed({ volts: level(0.7, 0.9, 1.3) }));
    assert.deepEqual(swell.classes, ['VOLTAGE_SWELL', 'ITIC_PROHIBITED']);
    near(swell.worst, 156, 0.5);
    const harmonics: Wave['harmonics'] = [];
    const ten = only(analysed({ volts: level(0.7, 0.7 + 10 / 60, 0), harmonics }));
    assert.equal(ten.classes[0], 'VOLTAGE_INTERRUPTION');
    assert.equal(ten.ieeeDuration, 'MOMENTARY', 'ten cycles: interruptions have no instantaneous row');
    near(Number(ten.metadata.duration_cycles), 10, 0.1);
  });

  it('a sag with an interruption in it is one incident with both classes', () => {
    const [outer, inner] = [dip(RATE, 0.6, 1.2, 0.5), dip(RATE, 0.8, 0.9, 0.04)];
    const incident = only(analysed({ volts: (t) => 120 * Math.min(outer(t), inner(t)), harmonics: [] }));
    assert.ok(incident.classes.includes('VOLTAGE_INTERRUPTION') && incident.classes.includes('VOLTAGE_SAG'));
    near(Number(incident.metadata.interrupted_s), 0.1, 0.02);
    assert.equal(incident.metadata.shape, 'multi-stage');
  });

  it('short sags at any phase are one incident and no transient beside it', () => {
    for (const cycles of [0.5, 0.8, 1, 1.4, 1.7, 1.9, 2]) {
      for (let degrees = 0; degrees < 360; degrees += 45) {
        const from = (45 + degrees / 360) / 60.01;
        const incident = only(analysed({ volts: level(from, from + cycles / 60.01, 0.4) }));
        assert.equal(incident.quantity, 'VOLTAGE');
        assert.equal(incident.classes[0], 'VOLTAGE_SAG');
      }
    }
  });

  it('sags at the edge of the waveform are open there', () => {
    const start = only(analysed({ volts: level(-1, 0.5, 0.7) }));
    assert.deepEqual([start.openStart, start.openEnd], [true, false]);
    assert.equal(start.startMs, 1_000_000);
    assert.equal(start.metadata.duration_at_least, true);
    const end = only(analysed({ volts: level(1.5, 9, 0.7) }));
    assert.deepEqual([end.openStart, end.openEnd], [false, true]);
  });

  it('shapes: motor start, transformer energising, stages', () => {
    const recovering = (t: number): number =>
      t < 0.4 ? 120 : 120 * (1 - 0.35 * Math.exp(-(t - 0.4) / 0.25));
    const motor = only(analysed({ volts: recovering }));
    assert.equal(motor.metadata.shape, 'motor start', JSON.stringify(motor.metadata));
    // judged by the time below each threshold: 65 % did not last
    assert.equal(field(motor, 'itic').judged_by, 'time beyond each threshold');
    const add = (t: number): number =>
      t < 0.4 ? 0 : 12 * Math.exp(-(t - 0.4) / 0.25) * Math.sin(4 * Math.PI * 60.01 * t);
    const transformer = analysed({ volts: recovering, add }).incidents.find(
      ({ quantity }) => quantity === 'VOLTAGE',
    );
    assert.equal(
      transformer?.metadata.shape,
      'transformer energising',
      JSON.stringify(transformer?.metadata),
    );
    const [one, two] = [dip(RATE, 0.6, 0.9, 0.8), dip(RATE, 0.7, 0.9, 0.55)];
    const stages = only(analysed({ volts: (t) => 120 * Math.min(one(t), two(t)) }));
    assert.equal(stages.metadata.shape, 'multi-stage');
    for (const { metadata } of [motor, stages]) {
      assert.ok(Number(metadata.shape_confidence) > 0.5 && Number(metadata.shape_confidence) <= 1);
    }
  });

  it('frequency: sag, swell, interruption; a step is where it was; a phase jump is none', () => {
    const step = only(analysed({ seconds: 6, hz: (t) => (t < 3 ? 60 : 59.5) }));
    assert.deepEqual(step.classes, ['FREQUENCY_SAG']);
    near(step.worst, 59.5, 0.01);
    near(step.deviation, -0.5, 0.01);
    near(step.startMs, 1_003_000, 40);
    assert.equal(step.openEnd, true);
    const swell = only(analysed({ seconds: 6, hz: (t) => (t > 2 && t < 4 ? 60.4 : 60) }));
    assert.deepEqual(swell.classes, ['FREQUENCY_SWELL']);
    near(swell.startMs, 1_002_000, 120);
    near(swell.endMs, 1_004_000, 120);
    assert.deepEqual(only(analysed({ hz: 57 })).classes, ['FREQUENCY_INTERRUPTION']);
    assert.deepEqual(analysed({ jump: (t) => (t > 1 ? 60 : 0) }).incidents, []);
    const long = only(analysed({ seconds: 10, hz: 59.6, noise: 0 }));
    near(Number((long.metadata.ten_second_hz as number[])[0]), 59.6, 0.001);
  });

  it('distortion above 5 % is one incident with its spectrum', () => {
    const harmonics = [
      [3, 0.06],
      [7, 0.04],
    ] as const;
    const incident = only(analysed({ harmonics }));
    assert.deepEqual(incident.classes, ['EXCESSIVE_THD']);
    near(incident.worst, 100 * Math.hypot(0.06, 0.04), 0.05);
    near(Number(field(incident, 'spectrum_percent')[3]), 6, 0.03);
    assert.equal(incident.metadata.highest_order, 50);
    assert.deepEqual(analysed({ harmonics: [[3, 0.045]] }).incidents, []);
  });

  it('a rapid voltage change is UNDEFINED with its class in the metadata', () => {
    const incident = only(analysed({ seconds: 4, volts: level(1.5, 9, 0.93) }));
    assert.deepEqual(incident.classes, ['UNDEFINED']);
    assert.equal(incident.metadata.class, 'RAPID_VOLTAGE_CHANGE');
    near(Number(incident.metadata.delta_u_steady_pu), -0.07, 0.003);
    near(incident.startMs, 1_001_500, 20);
  });

  it('a sag and a ring at another time are two incidents; a ring in a sag is a transient beside it', () => {
    const ring =
      (at: number) =>
      (t: number): number =>
        t < at ? 0 : 60 * Math.exp(-250 * (t - at)) * Math.cos(2 * Math.PI * 800 * (t - at));
    for (const at of [0.4, 0.8]) {
      const { incidents } = analysed({ volts: level(0.7, 1, 0.8), add: ring(at) });
      assert.deepEqual(incidents.map(({ quantity }) => quantity).sort(), ['TRANSIENT', 'VOLTAGE'], `${at}`);
    }
  });

  describe('gaps', () => {
    it('a sag over a gap is one incident, over a long gap two', () => {
      const whole = wave({ ...MAINS, seconds: 3, volts: level(0.7, 2, 0.8) });
      const cut = (from: number, to: number, ms: number): WaveformAnalysis => {
        const x = Float64Array.from([...whole.subarray(0, from * RATE), ...whole.subarray(to * RATE)]);
        return analyseWaveform(x, { ...OPTIONS, gaps: [{ at: from * RATE, ms }] });
      };
      const short = cut(1, 1.4, 400);
      assert.equal(short.incidents.length, 1, JSON.stringify(short.incidents));
      near(short.incidents[0]?.endMs ?? 0, 1_002_000, 3);
      near(Number(short.incidents[0]?.metadata.gap_ms), 400, 1);
      assert.deepEqual(
        short.remarks.map(({ code }) => code),
        ['GAPS'],
      );
      const long = cut(1, 1.4, 60_000);
      assert.equal(long.incidents.length, 2);
      near(long.incidents[1]?.endMs ?? 0, 1_000_000 + 2000 + 59_600, 3);
    });

    it('are read from stamps, one a cycle', () => {
      const stamps = Array.from({ length: 60 }, (_, i) => 1000 + (i * 1000) / 60 + (i >= 30 ? 500 : 0));
      const gaps = gapsOf(sampleRuns(stamps, 60 * 200, 1000));
      assert.equal(gaps.length, 1);
      assert.equal(gaps[0]?.at, 6000);
      near(gaps[0]?.ms ?? 0, 500, 0.5);
    });

    it('many gaps leave out what is shorter than a cycle', () => {
      const x = wave(MAINS);
      const gaps = Array.from({ length: 100 }, (_, i) => ({ at: 3000 + i * 150, ms: 5 }));
      const { incidents, remarks } = analyseWaveform(x, { ...OPTIONS, gaps });
      assert.deepEqual(incidents, []);
      assert.deepEqual(remarks.map(({ code }) => code).sort(), ['GAPS', 'TOO_SHORT']);
    });
  });

  describe('bad input', () => {
    const codes = ({ remarks }: WaveformAnalysis): string[] => remarks.map(({ code }) => code);

    it('empty, shorter than a cycle, of a cycle or two', () => {
      assert.deepEqual(codes(analyseWaveform(new Int16Array(0), OPTIONS)), ['EMPTY']);
      assert.deepEqual(codes(analyseWaveform(new Int16Array(150), OPTIONS)), ['TOO_SHORT']);
      for (const seconds of [0.0167, 0.025, 0.034, 0.05]) {
        assert.deepEqual(analysed({ seconds }).incidents, [], `${seconds} s`);
      }
    });

    it('constant: nothing at all is an interruption, another value a fault of the box', () => {
      const dead = analyseWaveform(new Int16Array(12_000), { ...OPTIONS, calibration: 146 });
      assert.deepEqual(codes(dead), ['CONSTANT']);
      assert.deepEqual(
        dead.incidents.map(({ classes, openStart, openEnd }) => [classes[0], openStart, openEnd]),
        [['VOLTAGE_INTERRUPTION', true, true]],
      );
      const stuck = analyseWaveform(new Int16Array(12_000).fill(9000), { ...OPTIONS, calibration: 146 });
      assert.deepEqual(codes(stuck), ['CONSTANT']);
      assert.deepEqual(stuck.incidents, []);
    });

    it('clipped', () => {
      const x = wave({ ...MAINS, noise: 0 }).map((value) => Math.min(140, Math.max(-140, value)));
      assert.ok(codes(analyseWaveform(x, OPTIONS)).includes('CLIPPED'));
      assert.ok(
        !codes(analysed({ step: 1.7, noise: 0, harmonics: [] })).includes('CLIPPED'),
        'a crest of 8 bits is not',
      );
    });

    it('no calibration, or a wrong one: frequency and distortion are judged, volts are not', () => {
      const counts = Int16Array.from(
        wave({ ...MAINS, volts: level(0.7, 1, 0.5), harmonics: [[3, 0.07]] }),
        (value) => value * 146,
      );
      for (const calibration of [undefined, 0, -3, Number.NaN, 1]) {
        const found = analyseWaveform(counts, { ...OPTIONS, calibration });
        assert.deepEqual(
          codes(found),
          [calibration === 1 ? 'WRONG_CALIBRATION' : 'NO_CALIBRATION'],
          `${calibration}`,
        );
        assert.deepEqual(
          found.incidents.map(({ quantity }) => quantity),
          ['THD'],
        );
      }
    });

    it('samples that are no numbers are left out', () => {
      const x = Float32Array.from(wave({ ...MAINS, volts: level(1.2, 1.5, 0.7) }));
      x.fill(Number.NaN, 6000, 6050);
      x[9000] = Number.POSITIVE_INFINITY;
      const found = analyseWaveform(x, OPTIONS);
      assert.deepEqual(codes(found), ['NOT_FINITE']);
      assert.deepEqual(
        found.incidents.map(({ classes }) => classes[0]),
        ['VOLTAGE_SAG'],
      );
    });

    it('16.7 Hz, direct voltage with ripple, and noise are not mains', () => {
      const rail = analysed({ hz: 16.7, harmonics: [] }, { nominalFrequency: 50 });
      assert.deepEqual(codes(rail), ['NOT_MAINS']);
      assert.match(rail.remarks[0]?.text ?? '', /16\.7 Hz/);
      assert.deepEqual(rail.incidents, []);
      const direct = analysed({ volts: 0.1, harmonics: [], offset: 110 });
      assert.deepEqual(codes(direct), ['NOT_MAINS']);
      const noise = analysed({ volts: 0, harmonics: [], noise: 60 });
      assert.deepEqual(codes(noise), ['NOT_MAINS']);
    });

    it('options that make no sense', () => {
      for (const options of [
        { rate: 0 },
        { rate: Number.NaN },
        { rate: 300_000 },
        { nominalVoltage: 0 },
        { nominalFrequency: 16.7 },
      ]) {
        const found = analysed({}, options);
        assert.deepEqual(codes(found), ['BAD_OPTIONS'], JSON.stringify(options));
        assert.deepEqual(found.incidents, []);
      }
    });

    it('whatever comes, nothing is thrown and every number of an incident is one', () => {
      const anything = fc.oneof(
        fc.int16Array({ maxLength: 3000 }),
        fc.float32Array({ maxLength: 3000 }),
        fc.float64Array({ maxLength: 1000, noNaN: true, min: -400, max: 400 }),
      );
      const gaps = fc.array(fc.record({ at: fc.double(), ms: fc.double() }), { maxLength: 5 });
      fc.assert(
        fc.property(
          anything,
          gaps,
          fc.constantFrom(800, 2400, 12_000, 48_000),
          fc.constantFrom(1, 146, undefined),
          (samples, cuts, rate, calibration) => {
            const { incidents } = analyseWaveform(samples, { ...OPTIONS, rate, calibration, gaps: cuts });
            for (const incident of incidents) {
              assert.ok(Number.isFinite(incident.startMs) && incident.endMs >= incident.startMs);
              assert.ok(Number.isFinite(incident.deviation) && Number.isFinite(incident.worst));
              assert.ok(incident.classes.length > 0);
            }
          },
        ),
        { numRuns: 150 },
      );
    });
  });
});
