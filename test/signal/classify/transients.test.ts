/** Transients of known size and shape on a real-looking line voltage. */
import assert from 'node:assert/strict';
import { analyseWaveform, fitRing, type IncidentCandidate } from '../../../signal/index.js';
import { gaussian, type Wave, wave } from '../waves.js';

const RATE = 12_000;
const AT = 0.5031;

function transients(add: Wave['add'], more: Partial<Wave> = {}): IncidentCandidate[] {
  const harmonics = [
    [3, 0.02],
    [5, 0.03, 50],
  ] as const;
  const x = wave({ rate: RATE, seconds: 1, hz: 60.03, harmonics, noise: 0.15, ...(add && { add }), ...more });
  const { incidents } = analyseWaveform(x, {
    rate: RATE,
    nominalVoltage: 120,
    nominalFrequency: 60,
    calibration: 1,
    startMs: 0,
  });
  return incidents.filter(({ quantity }) => quantity === 'TRANSIENT');
}

/** A wave that begins at AT; its argument counts from there. */
const from =
  (shape: (t: number) => number): NonNullable<Wave['add']> =>
  (t) =>
    t >= AT ? shape(t - AT) : 0;

function only(found: readonly IncidentCandidate[]): IncidentCandidate {
  assert.equal(found.length, 1, JSON.stringify(found));
  const [incident] = found;
  assert.ok(incident !== undefined);
  assert.ok(Math.abs(incident.startMs - AT * 1000) < 1, `begins at ${incident.startMs}`);
  return incident;
}

const number = (incident: IncidentCandidate, key: string): number => {
  const value = incident.metadata[key];
  assert.equal(typeof value, 'number', `${key} ${JSON.stringify(incident.metadata)}`);
  return Number(value);
};

describe('signal/classify transients', () => {
  it('finds nothing in a line voltage with harmonics, noise of 1 %, 8-bit steps, a frequency that moves, flicker', () => {
    for (const more of [
      {},
      { noise: 1.2 },
      { noise: 1.2, step: 1.7 },
      { hz: (t: number): number => 60 + 0.5 * Math.sin(2 * Math.PI * t) },
      { volts: (t: number): number => 120 * (1 + 0.02 * Math.sin(2 * Math.PI * 8.8 * t)) },
      { jump: (t: number): number => (t > AT ? 30 : 0) },
      { volts: (t: number): number => (t > AT ? 108.5 : 120) },
    ] satisfies Partial<Wave>[]) {
      for (let seed = 1; seed <= 5; seed += 1) assert.deepEqual(transients(undefined, { seed, ...more }), []);
    }
  });

  it('a phase jump at the foot of a ramp belongs to the sag; an impulse as far from its edge does not', () => {
    for (const ramp of [0.02, 0.05, 0.1]) {
      const share = (t: number): number => Math.min(1, Math.max(0, (t - 0.3) / ramp));
      const back = (t: number): number => Math.min(1, Math.max(0, (0.7 - t) / ramp));
      for (const pu of [0.3, 0.62, 0.8]) {
        const volts = (t: number): number => 120 * (1 - (1 - pu) * Math.min(share(t), back(t)));
        for (const degrees of [-12, -8, 8, 12]) {
          const jump = (t: number): number => (t >= 0.3 && t < 0.7 ? degrees : 0);
          assert.deepEqual(
            transients(undefined, { volts, jump }),
            [],
            `${ramp} s, ${pu} pu, ${degrees} degrees`,
          );
        }
        const impulse = (t: number): number => (t >= 0.735 ? 60 * Math.exp((0.735 - t) / 0.0002) : 0);
        assert.equal(transients(impulse, { volts }).length, 1, `impulse, ${ramp} s, ${pu} pu`);
      }
    }
  });

  it('a phase jump at the end of a ramp belongs to the sag, wherever the waveform ends behind it', () => {
    const share = (t: number): number => Math.min(1, Math.max(0, (0.7 - t) / 0.05));
    const volts = (t: number): number => 120 * (1 - 0.73 * share(t));
    for (const degrees of [-12, 11.6])
      for (let cycles = 0.5; cycles < 5; cycles += 0.25) {
        const jump = (t: number): number => (t < 0.7 ? degrees : 0);
        const found = transients(undefined, { volts, jump, seconds: 0.7 + cycles / 60 });
        assert.deepEqual(found, [], `${degrees} degrees, ${cycles} cycles`);
      }
  });

  it('an impulse: peak, rise, decay, energy', () => {
    const incident = only(transients(from((t) => 150 * Math.exp(-t / 0.0005))));
    assert.deepEqual(incident.classes, ['IMPULSIVE_TRANSIENT', 'UNIPOLAR_TRANSIENT']);
    // sampled every 83 us: the first sample may come that much later
    assert.ok(incident.worst > 150 * Math.exp(-1 / 6) - 3 && incident.worst < 153, `${incident.worst}`);
    assert.ok(number(incident, 'rise_s') <= 2 / RATE);
    const half = 0.0005 * Math.LN2;
    assert.ok(Math.abs(number(incident, 'decay_s') - half) < 2 / RATE, `${incident.metadata.decay_s}`);
    const energy = (incident.worst ** 2 * 0.0005) / 2;
    assert.ok(Math.abs(number(incident, 'energy_v2s') / energy - 1) < 0.2, `${incident.metadata.energy_v2s}`);
    const down = only(transients(from((t) => -150 * Math.exp(-t / 0.0005))));
    assert.ok(down.worst < -120);
  });

  it('a ring: its frequency and damping', () => {
    for (const [hz, damping, volts] of [
      [450, 60, 60],
      [700, 300, 80],
      [1900, 500, 60],
      [3700, 900, 50],
    ] as const) {
      const incident = only(
        transients(from((t) => volts * Math.exp(-damping * t) * Math.cos(2 * Math.PI * hz * t))),
      );
      assert.equal(incident.classes[0], 'OSCILLATORY_TRANSIENT', `${hz}`);
      assert.ok(Math.abs(number(incident, 'ring_hz') / hz - 1) < 0.005, `${incident.metadata.ring_hz}`);
      assert.ok(Math.abs(number(incident, 'ring_damping_per_s') / damping - 1) < 0.05);
      const then = volts * Math.exp(-damping * (number(incident, 'peak_ms') / 1000 - AT));
      assert.ok(Math.abs(number(incident, 'ring_amplitude_v') / then - 1) < 0.07, JSON.stringify(incident));
      // a sample meets the crest of a fast ring by chance
      assert.ok(Math.abs(incident.worst) > 0.6 * volts && Math.abs(incident.worst) < 1.05 * volts);
      assert.equal(incident.metadata.ring_band, 'low frequency');
    }
  });

  it('arcing, a notch that comes once, and several zero crossings', () => {
    const random = gaussian(3);
    const arc = only(transients((t) => (t >= AT && t < AT + 0.009 ? 60 * random() : 0)));
    assert.ok(arc.classes.includes('ARCING_TRANSIENT'), arc.classes.join());
    // a cut to nothing for a millisecond
    const cut = only(
      transients(
        (t) => (t >= AT && t < AT + 0.001 ? -120 * Math.SQRT2 * Math.sin(2 * Math.PI * 60.03 * t) : 0),
        {
          harmonics: [],
        },
      ),
    );
    assert.deepEqual(cut.classes, ['IMPULSIVE_TRANSIENT', 'UNIPOLAR_TRANSIENT']);
    // a ring large enough around zero to cross it again and again
    const crossing = 30 / 60.03;
    const zeros = transients((t) =>
      t >= crossing - 0.001
        ? 90 * Math.exp(-700 * (t - crossing + 0.001)) * Math.sin(9000 * (t - crossing + 0.001))
        : 0,
    );
    assert.equal(zeros.length, 1);
    assert.ok(zeros[0]?.classes.includes('MULTIPLE_ZERO_CROSSING_TRANSIENT'), zeros[0]?.classes.join());
  });

  it('lulls of up to 4 ms belong to one transient, longer ones to two', () => {
    const pulses = (apart: number): number =>
      transients(from((t) => (t < 0.0005 || (t > apart && t < apart + 0.0005) ? 60 : 0))).length;
    assert.equal(pulses(0.003), 1);
    assert.equal(pulses(0.007), 2);
    assert.equal(pulses(0.1), 2);
  });

  it('ITIC by the instantaneous voltage over the nominal peak', () => {
    const prohibited = only(transients(from((t) => (t < 0.002 ? 400 : 0))));
    assert.ok(prohibited.classes.includes('ITIC_PROHIBITED'), JSON.stringify(prohibited));
    const inside = only(transients(from((t) => (t < 0.0003 ? 60 : 0))));
    assert.ok(!inside.classes.includes('ITIC_PROHIBITED'));
  });

  it('periodic notching is one incident over its windows', () => {
    const hz = 60.03;
    const notch = (t: number): number => {
      const turns = (t * hz) % 1;
      const near = [0.16, 0.34, 0.66, 0.84].some((place) => Math.abs(turns - place) < 0.006);
      return near ? -50 * Math.sign(Math.sin(2 * Math.PI * turns)) : 0;
    };
    const found = transients(notch);
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.deepEqual(found[0]?.classes, ['PERIODIC_NOTCHING']);
    assert.equal(found[0]?.metadata.notches_a_cycle, 4);
    assert.ok(Math.abs(Number(found[0]?.metadata.depth_v) - 50) < 8, `${found[0]?.metadata.depth_v}`);
    assert.ok(found[0]?.openStart === true && found[0].openEnd);
  });

  it('fits nothing to too few samples and to silence', () => {
    assert.equal(fitRing(new Float64Array(7).fill(1), RATE), undefined);
    assert.equal(fitRing(new Float64Array(100), RATE), undefined);
  });
});
