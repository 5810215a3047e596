/** Whole waveforms: one incident a disturbance and quantity, with every class. */
import assert from 'node:assert/strict';
import { dip, type Wave } from '../waves.js';
import { analysed, field, level, near, only, RATE } from './grid.js';

describe('signal/classify analyseWaveform', () => {
  it('an undisturbed grid is no incident, at 50 and 60 Hz, with 8 bits and noise of 1 %', () => {
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
});
