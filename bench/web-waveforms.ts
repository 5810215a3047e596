/** Waveforms of a minute as the page draws them, against a bare loop. */
import { encodeWaveform } from '../web-service/waveforms/binary.js';
import { trimWaveform } from '../web-service/waveforms/trimmed.js';
import { type Comparison, compare } from './compare.js';
import { timed, times } from './support/timed.js';

const START = 1_764_547_200_000;
/** As wide as a screen. */
const POINTS = 2000;

/** A minute of each of three boxes at 12 kHz, as wide as a screen. */
export function compareWaveforms(rounds: number): Promise<Comparison> {
  const count = 720_000;
  const counts = Int16Array.from({ length: count }, (_, i) => (i * 7919) % 30_011);
  const runs = [{ first: 0, count, startMs: START, stepMs: 1 / 12 }];
  const width = Math.ceil(count / POINTS);
  const bare = (): void => {
    const low = new Int16Array(POINTS);
    const high = new Int16Array(POINTS);
    for (let band = 0; band < POINTS; band += 1) {
      let [min, max] = [32_767, -32_768];
      for (let i = band * width; i < Math.min(count, (band + 1) * width); i += 1) {
        const value = counts[i] ?? 0;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      low[band] = min;
      high[band] = max;
    }
  };
  const options = {
    values: 'int16' as const,
    constant: 146,
    fromMs: START,
    toMs: START + 60_000,
    total: count,
  };
  return compare(
    {
      title: '3 waveforms of 60 s as min/max bands',
      unit: 'ms for 20 x 3',
      better: 'lower',
      baseline: 'bare loop',
      goals: [{ contender: 'trimmed and encoded', ratio: 0.6 }],
      contenders: [
        { name: 'bare loop', once: () => timed(() => times(60, async () => bare())) },
        {
          name: 'trimmed and encoded',
          once: () =>
            timed(() =>
              times(60, async () =>
                encodeWaveform(trimWaveform({ counts, runs }, undefined, undefined, POINTS), options),
              ),
            ),
        },
      ],
    },
    rounds,
  );
}
