import assert from 'node:assert/strict';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import { settingsSchema } from '../../plugins/napali/settings.js';
import type { EventRequest, Plugin } from '../../plugins/sdk/plugin.js';
import { feed, type Sample, testContext } from './feed.js';
import { shippedWasm } from './loaded.js';

const START = 1_700_000_000_000;

/** The plugin as the host loads it, behind the calls that `feed` makes. */
async function started(settings: Record<string, unknown> = {}) {
  const loaded = shippedWasm('napali');
  const context = testContext();
  await loaded.configure(settings, context);
  const out = new ResultCollector();
  const taken = (): EventRequest[] => out.take().requests;
  const plugin = {
    name: 'napali',
    processBatch: (columns) => {
      loaded.process(columns, out);
      return taken();
    },
    onTick: (nowMs) => {
      context.nowMs = nowMs;
      loaded.tick(nowMs, out);
      return taken();
    },
  } satisfies Plugin;
  const unload = async (): Promise<EventRequest[]> => {
    await loaded.unload(out);
    return taken();
  };
  return { plugin, context, unload };
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
  it('asks once for a sag of two boxes, from both, with the whole of it inside', async () => {
    const { plugin, context } = await started();
    const requests = feed(plugin, context, fleet([1, 2, 3], 40, sag(120, 126, [1, 2])));
    assert.equal(requests.length, 1);
    const [request] = requests;
    assert.equal(request?.triggerType, 'VOLTAGE_SAG');
    assert.ok(request.boxIds.includes(1) && request.boxIds.includes(2));
    assert.ok(request.startMs <= START + 119 * 167 && request.endMs >= START + 126 * 166);
    assert.ok(Math.abs(request.percentMagnitude - 10) < 1e-4);
  });

  it('asks for what one box alone shows only with trigger_local', async () => {
    const alone = sag(60, 63, [1]);
    const quiet = await started();
    assert.deepEqual(feed(quiet.plugin, quiet.context, fleet([1], 30, alone)), []);
    const local = await started({ trigger_local: true });
    const requests = feed(local.plugin, local.context, fleet([1], 30, alone));
    assert.deepEqual(
      requests.map((r) => r.boxIds),
      [[1]],
    );
  });

  it('holds for interleaved boxes whose clocks differ by minutes: each is asked in its own time', async () => {
    const { plugin, context } = await started();
    const offset = (box: number): number => (box === 2 ? 240_000 : 0);
    const requests = feed(plugin, context, fleet([1, 2], 40, sag(120, 126, [1, 2]), offset), 2);
    const of = (box: number): EventRequest[] => requests.filter((r) => r.boxIds.includes(box));
    const at = START + 20_000;
    assert.ok(of(1).some((r) => r.startMs <= at && r.endMs >= at + 1000));
    assert.ok(of(2).some((r) => r.startMs <= at + 240_000 && r.endMs >= at + 241_000));
    assert.ok(requests.every((r) => r.endMs - r.startMs < 30_000));
  });

  it('asks for a long event in parts', async () => {
    const { plugin, context } = await started();
    const requests = feed(plugin, context, fleet([1, 2], 90, sag(60, 420, [1, 2])));
    assert.ok(requests.length >= 3);
    assert.ok(requests.every((r) => r.endMs - r.startMs <= 25_000));
    assert.ok(Math.min(...requests.map((r) => r.startMs)) <= START + 9_900);
    assert.ok(Math.max(...requests.map((r) => r.endMs)) >= START + 70_000);
  });

  it('closes an event whose boxes fell silent', async () => {
    const { plugin, context } = await started();
    assert.deepEqual(feed(plugin, context, fleet([1, 2], 11, sag(60, 999, [1, 2]))), []);
    assert.equal(plugin.onTick(context.nowMs + 5000).length, 1);
    assert.equal(plugin.onTick(context.nowMs + 9000).length, 0);
  });

  it('asks for nothing while all is normal', async () => {
    const { plugin, context, unload } = await started({ trigger_local: true });
    assert.deepEqual(
      feed(
        plugin,
        context,
        fleet([1, 2, 3], 600, () => ({})),
      ),
      [],
    );
    assert.deepEqual(await unload(), []);
  });

  it('takes no notice of metrics that were not sent', async () => {
    const { plugin, context } = await started({ trigger_local: true });
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

  it('refuses settings with every mistake named', async () => {
    for (const [field, value] of WRONG) {
      const context = testContext();
      const configured = async () => shippedWasm('napali').configure({ [field]: value, colour: 1 }, context);
      await assert.rejects(configured, /makai_configure returned error 1/);
      assert.match(context.lines.join(), new RegExp(`${field}: .*colour: no such setting`));
    }
  });

  it('has the settings that `config check` knows, with their defaults', async () => {
    await started(settingsSchema.parse({}));
  });

  it('a box that stands above a limit for longer than a minute takes no part any more, and keeps no event open', async () => {
    const { plugin, context } = await started({ trigger_local: true });
    const stands = (box: number, k: number) => (box === 1 && k >= 120 ? { rms: 127 } : {});
    const requests = feed(plugin, context, fleet([1, 2, 3], 700, stands));
    const seconds = requests.reduce((sum, r) => sum + (r.endMs - r.startMs) / 1000, 0);
    assert.ok(seconds > 55 && seconds < 75, `${seconds} s`);
    assert.ok(requests.length > 1);
    const families = new Set(requests.slice(1).map((r) => r.familyStartMs));
    assert.deepEqual([...families], [requests[0]?.startMs]);
  });

  it('other boxes are found as before while one stands above a limit', async () => {
    const { plugin, context } = await started();
    const requests = feed(
      plugin,
      context,
      fleet([1, 2, 3], 300, (box, k) => {
        if (box === 1 && k >= 120) return { rms: 127 };
        return box !== 1 && k >= 1500 && k < 1506 ? { rms: 100 } : {};
      }),
    );
    const last = requests.at(-1);
    assert.deepEqual(
      last?.boxIds.filter((id) => id !== 1),
      [2, 3],
    );
    assert.equal(last?.triggerType, 'VOLTAGE_SAG');
  });

  it('frequency, THD and transients of flagged measurements are not judged', async () => {
    const { plugin, context } = await started({ trigger_local: true, rms_min: 0 });
    const wild = (box: number, k: number) =>
      box === 1 && k >= 60 && k < 120 ? { rms: 3, f: 16, thd: 12, flagged: 4 } : {};
    assert.deepEqual(feed(plugin, context, fleet([1], 30, wild)), []);
  });

  it('at 50 Hz THD is not judged, and single cycles less their ripple; at 56 Hz no leakage is found', async () => {
    const settings = {
      trigger_local: true,
      f_min: 49.5,
      f_max: 50.5,
      rms_min: 218,
      rms_max: 242,
      trans_max: 100,
    };
    const at = async (more: Record<string, unknown>, change: Partial<Sample>) => {
      const { plugin, context } = await started({ ...settings, ...more });
      return feed(
        plugin,
        context,
        fleet([1], 20, (_, k) =>
          k > 60 && k < 70 ? change : { f: 50, rms: { min: 211, average: 229.3, max: 247 }, thd: 0.26 },
        ),
      ).length;
    };
    assert.equal(await at({}, { f: 50, rms: 230, thd: 0.4 }), 0);
    assert.equal(await at({}, { f: 50, rms: { min: 170, average: 226, max: 240 } }), 1);
    const { plugin, context } = await started({ trigger_local: true, f_min: 50, f_max: 70 });
    const leaks = fleet([1], 20, () => ({
      f: 56,
      rms: { min: 116.1, average: 119.8, max: 123.9 },
      thd: 0.117,
    }));
    assert.deepEqual(feed(plugin, context, leaks), []);
  });
});

/** Each wrong by itself. */
const WRONG: readonly (readonly [field: string, value: unknown])[] = [
  ['alpha', 0],
  ['alpha', 1.01],
  ['f_min', 60.2],
  ['f_max', -1],
  ['rms_min', 130],
  ['rms_max', 0],
  ['thd_max', -0.1],
  ['trans_max', '7'],
  ['grace_time_ms', 50_001],
  ['grace_time_ms', 0.5],
  ['slice_ms', 999],
  ['trigger_local', 1],
  ['debug', 'yes'],
];
