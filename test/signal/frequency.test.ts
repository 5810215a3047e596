/** Zero crossings and frequency against a line voltage whose frequency is known. */
import assert from 'node:assert/strict';
import {
  cyclesFrequency,
  frequencyValues,
  halfSecondFrequency,
  trackFundamental,
  zeroCrossings,
} from '../../signal/index.js';
import { type Wave, wave } from './waves.js';

const CASES: readonly { name: string; rate: number; nominal: number; spec: Partial<Wave> }[] = [
  { name: 'pure', rate: 12_000, nominal: 60, spec: {} },
  { name: 'noise 1 %', rate: 12_000, nominal: 60, spec: { noise: 1.2 } },
  { name: 'noise 1 %, 50 Hz', rate: 12_000, nominal: 50, spec: { noise: 1.2 } },
  { name: 'noise 1 %, 800 Hz', rate: 800, nominal: 60, spec: { noise: 1.2 } },
  { name: 'noise 1 %, 256 kHz', rate: 256_000, nominal: 50, spec: { noise: 1.2, seconds: 2 } },
  {
    name: 'offset 5 %, harmonics, 8-bit steps and noise',
    rate: 12_000,
    nominal: 60,
    spec: {
      offset: 6,
      step: 1.7,
      noise: 1.2,
      harmonics: [
        [2, 0.02],
        [3, 0.1, 70],
        [5, 0.08, 200],
        [7, 0.05],
      ],
    },
  },
];

describe('signal/frequency', () => {
  for (const { name, rate, nominal, spec } of CASES) {
    for (const off of [0.9, 0.9995, 1, 1.013, 1.1]) {
      it(`${name}, at ${(nominal * off).toFixed(2)} Hz: 1 mHz in 10 s, 10 mHz in half a second`, () => {
        const hz = nominal * off;
        const x = wave({ rate, seconds: 10, hz, phase: 77, ...spec });
        const track = trackFundamental(x, { rate, nominalFrequency: nominal });
        assert.ok(track !== undefined);
        const crossings = zeroCrossings(track);
        for (const value of halfSecondFrequency(crossings, rate, nominal)) {
          assert.ok(Math.abs(value - hz) < 0.01, `half second: ${value}`);
        }
        for (const { hz: value } of frequencyValues(crossings, rate, x.length)) {
          assert.ok(Math.abs(value - hz) < 0.001, `10 s: ${value}`);
        }
      });
    }
  }

  it('crossings lie where the fundamental passes zero, whatever is added to it', () => {
    const hz = 61.3;
    const spec: Wave = {
      rate: 12_000,
      seconds: 1,
      hz,
      phase: 200,
      offset: 6,
      step: 1.7,
      harmonics: [[3, 0.1, 90]],
    };
    const track = trackFundamental(wave(spec), { rate: 12_000, nominalFrequency: 60 });
    assert.ok(track !== undefined);
    const { at, firstIsRising } = zeroCrossings(track);
    // the first one after 200 degrees is the rising one at 360
    assert.equal(firstIsRising, true);
    assert.ok(at.length >= 121 && at.length <= 122, `${at.length}`);
    for (const [k, place] of at.entries()) {
      const degrees = (place / 12_000) * hz * 360 + 200 - 360 - 180 * k;
      assert.ok(Math.abs(degrees) < 0.3, `crossing ${k} is ${degrees} degrees off`);
    }
  });

  it('goes on through an interruption at the frequency that joins both sides', () => {
    const hz = 50.2;
    const volts = (t: number): number => (t > 0.7 && t < 1.3 ? 0 : 230);
    const x = wave({ rate: 12_000, seconds: 2, hz, volts, noise: 0.2 });
    const track = trackFundamental(x, { rate: 12_000, nominalFrequency: 50 });
    assert.ok(track !== undefined);
    const { at } = zeroCrossings(track);
    assert.equal(at.length, 201);
    for (const value of cyclesFrequency({ at, firstIsRising: true }, 12_000, 1)) {
      assert.ok(Math.abs(value - hz) < 0.1, `${value}`);
    }
  });

  it('follows a frequency that moves', () => {
    const x = wave({ rate: 12_000, seconds: 10, hz: (t) => 60 - 0.1 * t });
    const track = trackFundamental(x, { rate: 12_000, nominalFrequency: 60 });
    assert.ok(track !== undefined);
    const crossings = zeroCrossings(track);
    for (const [k, value] of halfSecondFrequency(crossings, 12_000, 60).entries()) {
      const middle = ((crossings.at[k] ?? 0) / 12_000 + (crossings.at[k + 60] ?? 0) / 12_000) / 2;
      assert.ok(Math.abs(value - (60 - 0.1 * middle)) < 0.002, `${value} at ${middle} s`);
    }
  });

  it('has no fundamental in too short a waveform, in silence and in a constant', () => {
    const options = { rate: 12_000, nominalFrequency: 60 };
    assert.equal(trackFundamental(new Float64Array(399), options), undefined);
    assert.ok(Number.isNaN(trackFundamental(new Float64Array(2000), options)?.frequency));
    const other = trackFundamental(wave({ rate: 12_000, seconds: 1, hz: 16.7 }), options)?.frequency ?? 60;
    assert.ok(!(Math.abs(other / 60 - 1) <= 0.2), `16.7 Hz is not near 60: ${other}`);
  });
});
