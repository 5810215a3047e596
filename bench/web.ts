/** `npm run bench -- web`: the web service and its page: what they cost beyond what they stand on. */
import { firstView, gzipBytes, MAX_FIRST_VIEW } from '../test/web/first-view.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { compareLighthouse } from './web-lighthouse.js';
import { compareViewers } from './web-live.js';
import { compareReads } from './web-reads.js';
import { compareWaveforms } from './web-waveforms.js';

export const web: Benchmark = {
  name: 'web',
  what: 'the web service against the bare store and a bare loop; viewers beside ingestion; size and Lighthouse scores of the page',
  run: async ({ rounds, short = false }): Promise<Comparison[]> => [
    await pageSize(),
    await compareWaveforms(rounds),
    ...(await compareReads(rounds, short)),
    ...(short ? [] : await compareViewers(Math.min(rounds, 3))),
    ...(short ? [] : await compareLighthouse()),
  ],
};

/** Nothing varies: one round. */
function pageSize(): Promise<Comparison> {
  const name = 'JS and CSS of the first view, gzip';
  return compare(
    {
      title: 'size of the page',
      unit: 'kB',
      better: 'lower',
      baseline: name,
      goals: [{ contender: name, figure: MAX_FIRST_VIEW / 1000 }],
      contenders: [{ name, once: () => gzipBytes(firstView()) / 1000 }],
      warmUp: false,
    },
    1,
  );
}
