import assert from 'node:assert/strict';
import OutagePlugin from '../../plugins/outage/index.js';
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
});
