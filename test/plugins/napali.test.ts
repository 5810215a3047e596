import assert from 'node:assert/strict';
import { RequestCollector } from '../../plugin-host/request-collector.js';
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
  const out = new RequestCollector();
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

  it('asks for a long event in slices', async () => {
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
