import assert from 'node:assert/strict';
import fc from 'fast-check';
import NapaliPlugin from '../../plugins/napali/index.js';
import { RunningStats } from '../../plugins/napali/running-stats.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { feed, type Sample, testContext } from './feed.js';

const START = 1_700_000_000_000;

function started(settings: Record<string, unknown> = {}) {
  const plugin = new NapaliPlugin();
  const context = testContext();
  plugin.onLoad(settings, context);
  return { plugin, context };
}

/** Small, repeatable noise, so that every box has a deviation of its own. */
const wobble = (box: number, k: number): number => Math.sin(12.9898 * box + 78.233 * k);

/** `seconds` of measurements, six a second and box, interleaved; box b's clock is `offset(b)` ms off. */
function fleet(
  boxes: number[],
  seconds: number,
  change: (box: number, k: number) => Partial<Sample>,
  offset: (box: number) => number = () => 0,
): Sample[] {
  return Array.from({ length: seconds * 6 }, (_, k) =>
    boxes.map((boxId) => ({
      boxId,
      timestampMs: START + Math.round((k * 1000) / 6) + offset(boxId),
      f: 60 + 0.01 * wobble(boxId, k),
      rms: 120 + 0.3 * wobble(boxId + 50, k),
      thd: 0.02,
      ...change(boxId, k),
    })),
  ).flat();
}

const sag = (from: number, to: number, boxes: number[]) => (box: number, k: number) =>
  boxes.includes(box) && k >= from && k < to ? { rms: 108 } : {};

describe('plugins/napali', () => {
  it('mean and variance are those of the published recurrence, written out', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (xs, alpha) => {
        const stats = new RunningStats();
        for (const x of xs) stats.add(x, alpha);
        // Written out: weights (1-alpha)^(n-1) for the first, alpha (1-alpha)^(n-1-i) for the others; the variance about that mean.
        const weights = xs.map((_, i) => (i === 0 ? 1 : alpha) * (1 - alpha) ** (xs.length - 1 - i));
        const mean = xs.reduce((sum, x, i) => sum + x * (weights[i] ?? 0), 0);
        const variance = xs.reduce((sum, x, i) => sum + (x - mean) ** 2 * (weights[i] ?? 0), 0);
        assert.ok(Math.abs(stats.mean - mean) <= 1e-6 * Math.max(1, Math.abs(mean)));
        assert.ok(Math.abs(stats.variance - variance) <= 1e-3 * Math.max(1, variance));
      }),
    );
  });

  it('asks once for a sag of two boxes, from both, with the whole of it inside', () => {
    const { plugin, context } = started();
    const requests = feed(plugin, context, fleet([1, 2, 3], 40, sag(120, 126, [1, 2])));
    assert.equal(requests.length, 1);
    const [request] = requests;
    assert.equal(request?.triggerType, 'VOLTAGE_SAG');
    assert.ok(request.boxIds.includes(1) && request.boxIds.includes(2));
    assert.ok(request.startMs <= START + 119 * 167 && request.endMs >= START + 126 * 166);
    assert.ok(Math.abs(request.percentMagnitude - 10) < 1e-4);
  });

  it('asks for what one box alone shows only with trigger_local', () => {
    const alone = sag(60, 63, [1]);
    const quiet = started();
    assert.deepEqual(feed(quiet.plugin, quiet.context, fleet([1], 30, alone)), []);
    const local = started({ trigger_local: true });
    const requests = feed(local.plugin, local.context, fleet([1], 30, alone));
    assert.deepEqual(
      requests.map((r) => r.boxIds),
      [[1]],
    );
  });

  it('holds for interleaved boxes whose clocks differ by minutes: each is asked in its own time', () => {
    const { plugin, context } = started();
    const offset = (box: number): number => (box === 2 ? 240_000 : 0);
    const requests = feed(plugin, context, fleet([1, 2], 40, sag(120, 126, [1, 2]), offset), 2);
    const of = (box: number): EventRequest[] => requests.filter((r) => r.boxIds.includes(box));
    const at = START + 20_000;
    assert.ok(of(1).some((r) => r.startMs <= at && r.endMs >= at + 1000));
    assert.ok(of(2).some((r) => r.startMs <= at + 240_000 && r.endMs >= at + 241_000));
    assert.ok(requests.every((r) => r.endMs - r.startMs < 30_000));
  });

  it('asks for a long event in slices', () => {
    const { plugin, context } = started();
    const requests = feed(plugin, context, fleet([1, 2], 90, sag(60, 420, [1, 2])));
    assert.ok(requests.length >= 3);
    assert.ok(requests.every((r) => r.endMs - r.startMs <= 25_000));
    assert.ok(Math.min(...requests.map((r) => r.startMs)) <= START + 9_900);
    assert.ok(Math.max(...requests.map((r) => r.endMs)) >= START + 70_000);
  });

  it('closes an event whose boxes fell silent', () => {
    const { plugin, context } = started();
    assert.deepEqual(feed(plugin, context, fleet([1, 2], 11, sag(60, 999, [1, 2]))), []);
    assert.equal(plugin.onTick(context.nowMs + 5000)?.length, 1);
    assert.equal(plugin.onTick(context.nowMs + 9000), undefined);
  });

  it('asks for nothing while all is normal', () => {
    const { plugin, context } = started({ trigger_local: true });
    assert.deepEqual(
      feed(
        plugin,
        context,
        fleet([1, 2, 3], 600, () => ({})),
      ),
      [],
    );
    assert.deepEqual(plugin.onUnload(), []);
  });

  it('takes no notice of metrics that were not sent', () => {
    const { plugin, context } = started({ trigger_local: true });
    const nothing = { f: Number.NaN, thd: Number.NaN };
    assert.deepEqual(
      feed(
        plugin,
        context,
        fleet([1, 2], 60, () => nothing),
      ),
      [],
    );
  });

  it('refuses settings with every mistake named', () => {
    assert.throws(() => started({ alpha: 0, f_min: 61, colour: 1 }), /alpha.*|colour/);
    assert.throws(() => started({ f_min: 61 }), /f_min: must be below f_max/);
  });
});
