import assert from 'node:assert/strict';
import OutagePlugin from '../../plugins/outage/index.js';
import type { SecondSummary } from '../../plugins/sdk/plugin.js';
import { testContext, toColumns } from './feed.js';

const START = 1_700_000_000_000;
const PLACES: Record<number, string> = { 1: 'lab', 2: 'lab', 3: 'lab', 4: 'pier', 5: 'unknown' };

/** Runs for `seconds`; a box is heard each second until `until(box)`; returns the descriptions of what was reported. */
function run(boxes: number[], seconds: number, until: (box: number) => number, back = seconds): string[] {
  const plugin = new OutagePlugin();
  const context = testContext({ location: (box: number) => PLACES[box] ?? 'unknown' });
  plugin.onLoad({}, context);
  const found: string[] = [];
  for (let s = 0; s < seconds; s++) {
    context.nowMs = START + s * 1000;
    const heard = boxes.filter((box) => s < until(box) || s >= back);
    plugin.processBatch(toColumns(heard.map((boxId) => ({ boxId, timestampMs: context.nowMs, rms: 120 }))));
    for (const request of plugin.onTick(context.nowMs) ?? []) {
      assert.equal(request.requestData, false);
      assert.ok(request.endMs > request.startMs);
      found.push(request.description);
    }
  }
  return found;
}

describe('plugins/outage', () => {
  it('calls a box unplugged whose neighbours are still heard, once', () => {
    assert.deepEqual(
      run([1, 2, 3, 4], 120, (box) => (box === 1 ? 20 : 999)),
      ['outage: box 1 unplugged: 2 of lab still heard'],
    );
  });

  it('calls it an outage when the whole location falls silent within the time to decide', () => {
    assert.deepEqual(
      run([1, 2, 3, 4], 120, (box) => (box === 4 ? 999 : 20 + box)),
      [
        'outage: outage at lab: all 3 boxes silent (1)',
        'outage: outage at lab: all 3 boxes silent (2)',
        'outage: outage at lab: all 3 boxes silent (3)',
      ],
    );
  });

  it('names our own side when every box of several locations falls silent at the same time', () => {
    assert.deepEqual(
      run([1, 2, 4], 60, () => 20),
      ['outage: all 3 boxes silent: our network or broker, or the grid'],
    );
  });

  it('says so when there is nobody to compare with', () => {
    assert.deepEqual(
      run([1, 2, 5], 60, (box) => (box === 5 ? 20 : 999)),
      ['outage: box 5 silent: no neighbours to compare with'],
    );
  });

  it('reports again after a box came back, and nothing while all are heard', () => {
    assert.deepEqual(
      run([1, 2], 60, () => 999),
      [],
    );
    assert.equal(run([1, 2, 4], 80, (box) => (box === 1 ? 20 : 999), 50).length, 1);
  });

  it('refuses bad settings', () => {
    assert.throws(() => new OutagePlugin().onLoad({ silence_ms: 'long' }, testContext()), /silence_ms/);
  });

  it('says where the voltage went before the box', () => {
    const plugin = new OutagePlugin();
    const context = testContext();
    plugin.onLoad({}, context);
    plugin.processBatch(toColumns([{ boxId: 5, timestampMs: START, rms: 1, flagged: 4 }]));
    const [request] = plugin.onTick(START + 60_000) ?? [];
    assert.match(request?.description ?? '', /the voltage was gone before, on 1 of 1/);
  });

  describe('on summaries, where several services divide the boxes', () => {
    const none = { count: 0, mean: Number.NaN, min: Number.NaN, max: Number.NaN, lowest: [], highest: [] };
    const counts = { measurements: 0, flagged: 0, f: none, rms: none, thd: none, trans: none };
    type Silences = Record<number, number | undefined>;

    /** Second `s` of boxes that were heard last in second `heard[box]`; left out: they are heard. */
    function second(s: number, boxes: readonly number[], heard: Silences, missing = 0): SecondSummary {
      const endMs = START + s * 1000;
      const silent = boxes.flatMap((boxId) => {
        const heardMs = START + (heard[boxId] ?? s) * 1000;
        const place = { boxId, location: PLACES[boxId] ?? 'unknown' };
        return endMs - heardMs < 3000
          ? []
          : [{ ...place, heardMs, timestampMs: heardMs, interrupted: false }];
      });
      const locations = [...new Set(boxes.map((boxId) => PLACES[boxId] ?? 'unknown'))].map((location) => {
        const here = boxes.filter((boxId) => (PLACES[boxId] ?? 'unknown') === location);
        const quiet = silent.filter((box) => box.location === location).length;
        return { location, boxes: here.length, heard: here.length - quiet, silent: quiet, ...counts };
      });
      return { endMs, missing, locations, silent, unlisted: 0 };
    }
    function runSummaries(
      plugin: OutagePlugin,
      seconds: readonly number[],
      of: (s: number) => SecondSummary,
    ): string[] {
      return seconds.flatMap((s) =>
        (plugin.processSummary(of(s)) ?? []).map(({ description, requestData }) => {
          assert.equal(requestData, false);
          return description;
        }),
      );
    }
    const started = (): OutagePlugin => {
      const plugin = new OutagePlugin();
      plugin.onLoad({}, testContext());
      return plugin;
    };
    const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

    it('finds what it finds on measurements', () => {
      const boxes = [1, 2, 3, 4, 5];
      const found = (heard: Silences, of = boxes) =>
        runSummaries(started(), from(0, 120), (s) =>
          second(s, of, Object.fromEntries(of.map((box) => [box, Math.min(s, heard[box] ?? s)]))),
        );
      assert.deepEqual(found({ 1: 20 }), ['outage: box 1 unplugged: 2 of lab still heard']);
      assert.deepEqual(found({ 1: 20, 2: 20, 3: 20 }), [
        'outage: outage at lab: all 3 boxes silent (1, 2, 3)',
      ]);
      assert.deepEqual(found({ 5: 20 }), ['outage: box 5 silent: no neighbours to compare with']);
      assert.deepEqual(found({ 1: 20, 2: 20, 4: 20 }, [1, 2, 4]), [
        'outage: all 3 boxes silent: our network or broker, or the grid',
      ]);
      assert.deepEqual(found({}), []);
    });

    it('reports a location that falls silent within the time to decide in one event', () => {
      const of = (s: number) =>
        second(s, [1, 2, 3, 4], { 1: Math.min(s, 20), 2: Math.min(s, 21), 3: Math.min(s, 23) });
      assert.deepEqual(runSummaries(started(), from(0, 120), of), [
        'outage: outage at lab: all 3 boxes silent (1, 2, 3)',
      ]);
    });

    it('knows that a box is silent for so long that it is not listed', () => {
      const plugin = started();
      const of = (s: number): SecondSummary => {
        const found = second(s, [1, 2, 4], { 1: -5000, 2: Math.min(s, 20) });
        return { ...found, silent: found.silent.filter(({ boxId }) => boxId !== 1) };
      };
      assert.deepEqual(runSummaries(plugin, from(0, 60), of), [
        'outage: outage at lab: all 2 boxes silent (2)',
      ]);
    });

    it('finds the same again when seconds are gone through again, and nothing that is far older', () => {
      const of = (s: number) => second(s, [1, 2, 3, 4], { 1: Math.min(s, 20) });
      const first = runSummaries(started(), from(0, 60), of);
      assert.equal(first.length, 1);
      assert.deepEqual(runSummaries(started(), from(10, 200), of), first);
      assert.deepEqual(runSummaries(started(), from(100, 200), of), []);
    });

    it('waits while nothing is known of some boxes, but not for good', () => {
      const of = (missing: (s: number) => number) => (s: number) =>
        second(s, [1, 2, 3, 4], { 1: Math.min(s, 20) }, missing(s));
      const short = from(0, 120).filter((s) => {
        const plugin = started();
        return (
          runSummaries(
            plugin,
            from(0, s),
            of((at) => (at < 40 ? 1 : 0)),
          ).length === 0
        );
      });
      assert.equal(short.at(-1), 40);
      assert.equal(
        runSummaries(
          started(),
          from(0, 120),
          of(() => 1),
        ).length,
        1,
      );
    });
  });
});
