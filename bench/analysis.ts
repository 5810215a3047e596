/**
 * One second of 12 kHz waveform through the classification, against the functions that it needs called bare in one loop; and the parts one by one. The parts' own
 * times are told so that a goal that is missed says where.
 */
import {
  analyseWaveform,
  cycleDifferences,
  findTransients,
  harmonicSubgroups,
  spectrumAnalyser,
  squareSums,
  synchronousHalfCycleRms,
  totalDistortion,
  toVolts,
  trackFundamental,
  windowCycles,
  windowRms,
  zeroCrossings,
} from '../signal/index.js';
import { type Benchmark, type Comparison, compare, manyRounds, nsEach } from './compare.js';

const RATE = 12_000;
const CALIBRATION = 146;
const OPTIONS = {
  rate: RATE,
  nominalVoltage: 120,
  nominalFrequency: 60,
  calibration: CALIBRATION,
  startMs: 0,
};
/** Seconds in the waveform that is measured: an event of the field is a few seconds. */
const SECONDS = 2;
const REPEATS = 40;

/** ms a second of waveform. */
export const analysis: Benchmark = {
  name: 'analysis',
  what: 'a second of waveform classified, against the bare functions that it takes',
  run: async ({ rounds }): Promise<Comparison[]> => {
    const samples = mains();
    const each = (call: () => unknown) => (): number => nsEach(REPEATS, call) / 1e6 / SECONDS;
    const x = toVolts(samples, CALIBRATION);
    const track = trackFundamental(x, { rate: RATE, nominalFrequency: 60 });
    if (track === undefined) throw new Error('the waveform of the benchmark has no fundamental');
    const crossings = zeroCrossings(track);
    const sums = squareSums(x);
    const common = { unit: 'ms a second of 12 kHz', better: 'lower' } as const;
    const whole = await compare(
      {
        title: 'an undisturbed waveform',
        ...common,
        baseline: 'bare functions',
        // the aim of 0.5 ms is told by the table: absolute times are not gated
        goals: [{ contender: 'analyseWaveform', ratio: 1 / 1.5 }],
        contenders: [
          { name: 'bare functions', once: each(() => bare(samples)) },
          { name: 'analyseWaveform', once: each(() => analyseWaveform(samples, OPTIONS)) },
        ],
      },
      manyRounds(rounds),
    );
    const analyser = spectrumAnalyser(RATE, 60);
    const parts = await compare(
      {
        title: 'the parts',
        ...common,
        baseline: 'all of them',
        contenders: [
          { name: 'all of them', once: each(() => bare(samples)) },
          { name: 'counts to volts', once: each(() => toVolts(samples, CALIBRATION)) },
          {
            name: 'zero crossings',
            once: each(() =>
              zeroCrossings(trackFundamental(x, { rate: RATE, nominalFrequency: 60 }) ?? track),
            ),
          },
          { name: 'sums of squares', once: each(() => squareSums(x)) },
          { name: 'Urms(1/2)', once: each(() => synchronousHalfCycleRms(sums, crossings)) },
          { name: 'harmonics', once: each(() => analyser.windows(x, crossings)) },
          {
            name: 'transients',
            once: each(() => findTransients(cycleDifferences(x, crossings.at), crossings.at, RATE, 6)),
          },
        ],
      },
      manyRounds(rounds),
    );
    return [whole, parts];
  },
};

/** What the classification takes of an undisturbed waveform, and nothing else. */
function bare(samples: Int16Array): number {
  const x = toVolts(samples, CALIBRATION);
  const track = trackFundamental(x, { rate: RATE, nominalFrequency: 60 });
  if (track === undefined) return 0;
  const crossings = zeroCrossings(track);
  const sums = squareSums(x);
  const urms = synchronousHalfCycleRms(sums, crossings);
  const windows = windowRms(sums, crossings, windowCycles(60));
  const analyser = spectrumAnalyser(RATE, 60);
  let worst = 0;
  for (const window of analyser.windows(x, crossings)) {
    const orders = harmonicSubgroups(window, analyser.cycles, analyser.highestOrder);
    worst = Math.max(worst, totalDistortion(orders));
  }
  const transients = findTransients(cycleDifferences(x, crossings.at), crossings.at, RATE, 6);
  return urms.length + windows.length + worst + transients.length;
}

function mains(): Int16Array {
  const hz = 59.98;
  return Int16Array.from({ length: SECONDS * RATE }, (_, i) => {
    const angle = (2 * Math.PI * hz * i) / RATE;
    const volts =
      170 * (Math.sin(angle) + 0.02 * Math.sin(3 * angle) + 0.015 * Math.sin(5 * angle)) +
      0.3 * Math.sin(i * i);
    return Math.round(volts * CALIBRATION);
  });
}
