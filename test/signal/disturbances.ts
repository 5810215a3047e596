/** Random disturbances of a generated line voltage, each more than a tenth of its limit beyond it, and what the classification must say: that one incident and no other. */
import assert from 'node:assert/strict';
import { analyseWaveform, type IncidentClass } from '../../signal/index.js';
import { dip, type Wave, wave } from './waves.js';

const KINDS = [
  'sag',
  'swell',
  'interruption',
  'underfrequency',
  'overfrequency',
  'distortion',
  'none',
] as const;

/** Numbers from 0 to 1 by a linear congruence (Numerical Recipes). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Draws `count` waveforms of 3 s and judges each. */
export function checkDisturbances(seed: number, count: number): void {
  const random = uniform(seed);
  for (let n = 0; n < count; n += 1) {
    const nominal = random() < 0.5 ? 50 : 60;
    const nominalVoltage = nominal === 50 ? 230 : 120;
    const kind = KINDS[Math.floor(random() * KINDS.length)] ?? 'none';
    const { spec, expected, what } = draw(kind, nominal, nominalVoltage, random, n);
    const { incidents, remarks } = analyseWaveform(wave(spec), {
      rate: 12_000,
      nominalVoltage,
      nominalFrequency: nominal,
      calibration: 1,
      startMs: 0,
    });
    const found = incidents.map(({ classes }) => classes[0]);
    assert.deepEqual(found, expected, `seed ${seed}, waveform ${n}: ${what}: ${JSON.stringify(incidents)}`);
    assert.deepEqual(remarks, [], what);
  }
}

function draw(
  kind: (typeof KINDS)[number],
  nominal: number,
  nominalVoltage: number,
  random: () => number,
  seed: number,
): { spec: Wave; expected: IncidentClass[]; what: string } {
  const volts = nominalVoltage * (0.97 + 0.06 * random());
  const spec: Wave = {
    rate: 12_000,
    seconds: 3,
    hz: nominal + 0.3 * (random() - 0.5),
    volts,
    phase: 360 * random(),
    noise: 0.001 * nominalVoltage,
    offset: 0.01 * nominalVoltage * (random() - 0.5),
    // 8 bits or 14
    step: nominalVoltage / (random() < 0.2 ? 70 : 5000),
    harmonics: [
      [3, 0.02 * random()],
      [5, 0.03 * random(), 100],
    ],
    seed: seed + 1,
  };
  const from = 0.7 + 0.1 * random();
  const cycles = 1.6 + 40 * random() ** 2;
  const stepTo = (pu: number): Wave => {
    const level = dip(12_000, from, from + cycles / nominal, (pu * nominalVoltage) / volts);
    return { ...spec, volts: (t) => volts * level(t) };
  };
  const away = 0.3 + random();
  switch (kind) {
    case 'sag': {
      const pu = 0.15 + 0.65 * random();
      return { spec: stepTo(pu), expected: ['VOLTAGE_SAG'], what: `sag to ${pu}, ${cycles} cycles` };
    }
    case 'swell': {
      const pu = 1.21 + 0.5 * random();
      return { spec: stepTo(pu), expected: ['VOLTAGE_SWELL'], what: `swell to ${pu}, ${cycles} cycles` };
    }
    case 'interruption': {
      const interrupted = { ...stepTo(0.05 * random()), harmonics: [], offset: 0 };
      return {
        spec: interrupted,
        expected: ['VOLTAGE_INTERRUPTION'],
        what: `interruption, ${cycles} cycles`,
      };
    }
    case 'underfrequency':
    case 'overfrequency': {
      const hz = nominal + (kind === 'underfrequency' ? -away : away);
      const moved = { ...spec, hz: (t: number): number => (t > 0.8 && t < 2.2 ? hz : nominal) };
      const name = kind === 'underfrequency' ? 'FREQUENCY_SAG' : 'FREQUENCY_SWELL';
      return { spec: moved, expected: [name], what: `${hz} Hz` };
    }
    case 'distortion': {
      const part = 0.056 + 0.1 * random();
      const harmonics = [[3, part]] as const;
      return { spec: { ...spec, harmonics }, expected: ['EXCESSIVE_THD'], what: `third of ${part}` };
    }
    case 'none':
      return { spec, expected: [], what: 'undisturbed' };
  }
}
