/** `makai plugin run --plot`: the page stands alone, and shows what was seen and returned. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { frameOf } from '../../../cli/plugin/frames.js';
import { plotPage } from '../../../cli/plugin/plot/page.js';
import { seenIn } from '../../../cli/plugin/plot/seen.js';
import { Trace } from '../../../cli/plugin/plot/trace.js';
import type { EventRequest } from '../../../plugins/sdk/plugin.js';

const START = Date.UTC(2026, 0, 1);

/** A minute of two boxes; box 1 has a sag to 90 V after 20 s. */
function minute() {
  const frames = Array.from({ length: 60 }, (_, i) =>
    [1, 2].map((boxId) => {
      const low = boxId === 1 && i === 20 ? 90 : 119;
      const rms = { min: low, average: 120, max: 121 };
      const f = { min: 59.9, average: 60, max: 60.1 };
      return frameOf({ boxId, timeMs: START + 1000 * i, rms, f }, 3);
    }),
  ).flat();
  return seenIn({ description: 'a <minute>', frames, warnings: [], boxes: [] });
}

const request: EventRequest = {
  ...{ startMs: START + 19_000, endMs: START + 22_000, boxIds: [1], triggerType: 'VOLTAGE_SAG' },
  ...{ percentMagnitude: 25, description: 'sag & "more"', requestData: true },
};

describe('cli/plugin/plot', () => {
  it('sees what a plugin sees', () => {
    const { boxes, fromMs, toMs } = minute();
    assert.deepEqual([fromMs, toMs], [START, START + 59_000]);
    assert.deepEqual(
      boxes.map(({ boxId, measurements }) => [boxId, measurements]),
      [
        [1, 60],
        [2, 60],
      ],
    );
    const bins = boxes[0]?.voltage.bins ?? [];
    assert.equal(bins.length, 60);
    assert.deepEqual(bins[20], { ms: START + 20_000, low: 90, mean: 120, high: 121 });
  });

  it('is one page without script or anything from outside; texts are escaped', () => {
    const page = plotPage({
      plugin: '</title><script>alert(1)</script>',
      seen: minute(),
      requests: [request],
      incidents: [
        {
          ...{ kind: 'incident', boxId: 2, startMs: START + 5000, endMs: START + 6000, class: 'rocof' },
          ...{ quantity: 'FREQUENCY', deviation: 1 },
        },
      ],
      // The last one comes after the recording: it is counted, but has no place in the picture.
      values: [0, 1, 80].map((i) => ({
        ...{ kind: 'value' as const, series: 'drift', boxId: 2, timestampMs: START + 1000 * i, value: i },
      })),
      problem: '<b>stopped</b>',
    });
    assert.doesNotMatch(page, /<script|<b>|https?:|url\(|src=|<minute>/);
    // Two charts a box, and one of the series.
    assert.equal(page.match(/<svg /g)?.length, 5);
    assert.equal(page.match(/<rect /g)?.length, 2 + 3);
    assert.match(page, /1 request, 1 incident, 3 values of series/);
    assert.match(
      page,
      /2026-01-01 00:00:19\.000<\/td><td class="n">3\.000<\/td><td>VOLTAGE_SAG: sag &#38; &#34;more/,
    );
    assert.match(page, /<figcaption>series drift</);
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
  });

  it('draws the boxes of which something was returned first, and says how many are left out', () => {
    const frames = Array.from({ length: 40 }, (_, i) =>
      frameOf({ boxId: i + 1, timeMs: START, rms: { min: 120, average: 120, max: 120 } }, 3),
    );
    const seen = seenIn({ description: 'many', frames, warnings: [], boxes: [] });
    const only = { ...request, boxIds: [40] };
    const returned = { plugin: 'p', incidents: [], values: [], problem: undefined };
    const page = plotPage({ ...returned, seen, requests: [only] });
    assert.match(page, /<h2>Box 40<\/h2>(.|\n)*<h2>Box 1<\/h2>/);
    assert.match(page, /10 more boxes not drawn/);
    assert.doesNotMatch(page, /NaN|Infinity/);
  });

  it('stands without any measurement', () => {
    const seen = seenIn({ description: 'nothing', frames: [], warnings: [], boxes: [] });
    const page = plotPage({ plugin: 'p', seen, requests: [], incidents: [], values: [], problem: undefined });
    assert.match(page, /no measurement(.|\n)*0 requests/);
    assert.doesNotMatch(page, /NaN|Infinity/);
  });

  it('a trace has at most 1400 bins, and keeps the lowest, the highest and the mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: -100, max: 100 })), {
          minLength: 1,
          maxLength: 4000,
        }),
        (points) => {
          const trace = new Trace();
          for (const [ms, value] of points) trace.add(ms, value - 1, value, value + 1);
          const { bins } = trace;
          assert.ok(bins.length <= 1400);
          assert.equal(Math.min(...bins.map(({ low }) => low)), Math.min(...points.map(([, v]) => v)) - 1);
          assert.equal(Math.max(...bins.map(({ high }) => high)), Math.max(...points.map(([, v]) => v)) + 1);
          for (const { high, low, mean } of bins) assert.ok(low < mean && mean < high);
        },
      ),
      { numRuns: 20 },
    );
  });
});
