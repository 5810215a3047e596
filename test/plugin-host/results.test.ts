/** What plugins find, keep and read: incidents, series, state, history, boxes; JavaScript and WebAssembly. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { silentLogger } from '../../common/log.js';
import type { PluginResults } from '../../plugin-host/messages.js';
import { PluginMemory } from '../../plugin-host/plugin-memory.js';
import { NO_STORE, type PluginStore, StateKeeper } from '../../plugin-host/plugin-store.js';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import { toIncident, toValue } from '../../plugin-host/result-shape.js';
import { boxAfter, Site, toSiteData } from '../../plugin-host/site.js';
import { FLAGS } from '../../proto/columns.js';
import type { PluginState } from '../../store/store.js';
import { runs } from '../support/property.js';
import { FIRST_MS, HostRig, until } from './rig.js';
import { assemble, pluginText } from './wat.js';

const metric = (value: number) => ({ min: value, average: value, max: value });
const row = (boxId: number, timestampMs: number, volts: number) => ({
  boxId,
  timestampMs,
  f: metric(Number.NaN),
  rms: metric(volts),
  thd: metric(Number.NaN),
  trans: metric(Number.NaN),
});

/** A store in memory. */
class Kept implements PluginStore {
  readonly states = new Map<string, PluginState>();
  isDown = false;
  asked: unknown[] = [];
  async state(plugin: string) {
    if (this.isDown) throw new Error('the store is down');
    return this.states.get(plugin);
  }
  keep(state: PluginState) {
    this.states.set(state.plugin, state);
  }
  async history(boxId: number, fromMs: number, toMs: number) {
    this.asked.push([boxId, fromMs, toMs]);
    return {
      measurements: Array.from({ length: 1500 }, (_, i) => ({
        ...row(boxId, fromMs + i, i),
        invalid: [],
        flagged: i === 1498 ? FLAGS.filter((flag) => flag !== 'swell') : [],
      })),
      trends: [row(boxId, toMs, 7)],
    };
  }
}

describe('plugin-host: what plugins find, keep and read', () => {
  let rig: HostRig;
  let store: Kept;
  let found: (PluginResults & { plugin: string })[];
  const start = () => {
    found = [];
    rig = new HostRig({ store, results: (results, plugin) => void found.push({ ...results, plugin }) });
  };
  beforeEach(() => {
    store = new Kept();
    start();
  });
  afterEach(() => rig.stop());
  const running = (id: string) => until(() => rig.plugin(id).state === 'running');

  const ALL = `export default class { name = 'all';
    async onLoad(s, context) {
      this.context = context;
      this.seen = context.state.get() ?? { starts: 0 };
      context.state.set({ starts: this.seen.starts + 1 });
      const { measurements, trends } = await context.history(1, 10, 20);
      this.read = [measurements.length, measurements.at(-1).rms.min, trends[0].rms.max, measurements.at(-2).flagged, measurements.at(-1).flagged];
    }
    processBatch(c) {
      const { context } = this;
      return [
        { kind: 'incident', boxId: c.boxId[0], startMs: 1, endMs: 2.5, class: 'step', quantity: 'VOLTAGE', deviation: -3, description: JSON.stringify([this.seen, this.read, context.boxes.get(1), context.boxes.all().length]) },
        { kind: 'value', series: 'rms', boxId: 2, timestampMs: c.timestampMs[1], value: c.rms.min[1] },
        { startMs: 1, endMs: 2, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 0, description: '', requestData: false },
      ];
    }
  }`;

  it('keeps the state that a plugin sets while it loads, also when it is reloaded before it runs', async () => {
    const slow = (text: string) => `// ${text}
      export default class { name = 'slow';
        async onLoad(s, context) {
          const { starts } = context.state.get() ?? { starts: 0 };
          context.state.set({ starts: starts + 1 });
          if (starts < 2) await new Promise(() => setInterval(() => undefined, 1000));
        }
        processBatch() {}
      }`;
    const starts = () => JSON.parse(store.states.get('slow')?.body ?? '{}').starts;
    for (const n of [1, 2, 3]) {
      // Each time the file is another one, while the plugin of before still loads.
      await rig.host.load([{ path: rig.file('slow.mjs', slow('.'.repeat(n))) }]);
      await until(() => starts() === n);
    }
    await running('slow');
  });

  it('what a plugin sets last while it loads is kept as soon as it runs', async () => {
    const last = `export default class { name = 'last';
      onLoad(s, { state }) { for (const n of [1, 2, 3]) state.set(n); }
      processBatch() { for (;;); }
    }`;
    await rig.host.load([{ path: rig.file('last.mjs', last) }]);
    await running('last');
    await until(() => store.states.get('last')?.body === '3');
  });

  it('a JavaScript plugin returns incidents, values and requests, and sees boxes, history and its state of before', async () => {
    const box = {
      box_id: '1',
      calibration_constant: 2,
      unplugged: false,
      location: 'lab',
      nominal_voltage: 230,
    };
    rig.host.update(toSiteData(undefined, [box]));
    await rig.host.load([{ path: rig.file('all.mjs', ALL) }]);
    await running('all');
    rig.feed(2, 119);
    await until(() => found.length === 1 && rig.requests.length === 1);
    const [{ incidents, values, plugin } = { incidents: [], values: [], plugin: '' }] = found;
    assert.equal(plugin, 'all');
    assert.deepEqual(values, [
      { kind: 'value', series: 'rms', boxId: 2, timestampMs: FIRST_MS + 1, value: 119 },
    ]);
    const [{ description, ...incident } = { description: '' }] = incidents;
    assert.deepEqual(incident, {
      ...{
        kind: 'incident',
        boxId: 1,
        startMs: 1,
        endMs: 3,
        class: 'step',
        quantity: 'VOLTAGE',
        deviation: -3,
      },
    });
    assert.deepEqual(JSON.parse(description ?? ''), [
      { starts: 0 },
      [1500, 1499, 7, ['sag', 'interruption'], []],
      { boxId: 1, location: 'lab', nominalVoltage: 230, nominalFrequency: 60, calibration: 2 },
      1,
    ]);
    assert.deepEqual([rig.plugin('all').incidents, rig.plugin('all').values], [1, 1]);
    await rig.stop();
    assert.deepEqual(store.states.get('all'), { plugin: 'all', format: 'json', body: '{"starts":1}' });
    start();
    await rig.host.load([{ path: rig.file('all.mjs', ALL) }]);
    await running('all');
    rig.feed(2);
    await until(() => found.length === 1);
    assert.match(found[0]?.incidents[0]?.description ?? '', /^\[\{"starts":1\}/);
  });

  it('a plugin that fails has its state again; while the store is down it begins without, and what is stored stays', async () => {
    const fails = `export default class { name = 'fails'; version = '';
      onLoad(s, c) { this.c = c; this.n = c.state.get()?.n ?? 0; c.log.info('n=' + this.n); }
      processBatch() { this.c.state.set({ n: this.n + 1 }); throw new Error('ouch'); } }`;
    await rig.host.load([{ path: rig.file('fails.mjs', fails) }]);
    await running('fails');
    rig.feed(1);
    await until(() => rig.logged('fails', 'n=1').length === 1);
    await rig.stop();
    store.isDown = true;
    start();
    await rig.host.load([{ path: rig.file('fails.mjs', fails) }]);
    await until(() => rig.logged('fails', 'n=0').length === 1);
    assert.ok(rig.lines.some(({ msg }) => /state of the plugin could not be read/.test(String(msg))));
    rig.feed(1);
    await until(() => rig.plugin('fails').lastError !== undefined);
    assert.equal(store.states.get('fails')?.body, '{"n":1}');
  });

  it('counts findings that it drops, also of plugins that were taken out', async () => {
    const reports = `export default class { name = 'reports'; version = ''; onTick() {}
      onLoad(s, { report }) { report(-1, 'CALIBRATION_SUSPECT', ''); report(1, 'NO_SUCH', ''); report(1, 'CALIBRATION_SUSPECT', 'x'); } }`;
    await rig.host.load([{ path: rig.file('reports.mjs', reports) }]);
    await running('reports');
    assert.equal(rig.plugin('reports').droppedFindings, 2);
    await rig.host.load([]);
    assert.equal(rig.host.droppedFindings, 2);
  });

  it('what was kept before a reload is what the plugin has after it, though the store does not have it yet', async () => {
    const counts = `export default class { name = 'counts'; version = ''; onTick() {}
      onLoad(s, c) { this.n = (c.state.get() ?? 0) + 1; c.state.set(this.n); c.log.info('start ' + this.n); } }`;
    const path = rig.file('counts.mjs', counts);
    store.keep = () => undefined;
    for (const [n, entries] of [[{ path }], [{ path, other: 1 }], [], [{ path }]].entries()) {
      await rig.host.load(entries);
      if (entries.length === 0) continue;
      await until(() => rig.logged('counts', `start ${n < 2 ? n + 1 : 3}`).length === 1);
      // What it keeps is handed on from then on.
      await running('counts');
    }
  });

  it('a state that is read late does not replace one that was kept meanwhile', async () => {
    const replies: ((state: PluginState | undefined) => void)[] = [];
    const written: PluginState[] = [];
    const keeper = new StateKeeper(
      'p',
      {
        ...NO_STORE,
        state: () => new Promise((resolve) => replies.push(resolve)),
        keep: (state) => void written.push(state),
      },
      silentLogger(),
    );
    const [first, second] = [keeper.state(), keeper.state()];
    replies[1]?.(undefined);
    assert.equal(await second, undefined);
    keeper.keep({ format: 'json', body: '2' });
    replies[0]?.({ plugin: 'p', format: 'json', body: '1' });
    await first;
    assert.deepEqual(await keeper.state(), { format: 'json', body: '2' });
    assert.deepEqual(written, [{ plugin: 'p', format: 'json', body: '2' }]);
  });

  it('a WebAssembly plugin does all the same', async () => {
    const imports = `
      (import "makai" "box" (func $box (param i32 i32))) (import "makai" "next_box" (func $next (param i32) (result i32)))
      (import "makai" "history" (func $history (param i32 f64 f64) (result i32)))
      (import "makai" "state_get" (func $get (param i32 i32) (result i32))) (import "makai" "state_set" (func $set (param i32 i32) (result i32)))
      (import "makai" "value" (func $value (param i32 i32 i32 f64 f64))) (import "makai" "incident" (func $incident (param i32)))`;
    const text = pluginText({
      imports,
      configure: `
        (global.set $seen (call $get (i32.const 700) (i32.const 16)))
        (drop (call $set (i32.const 512) (i32.const 4)))
        (call $box (call $next (i32.const -1)) (i32.const 800))
        (i32.sub (call $history (i32.const 5) (f64.const 10) (f64.const 20)) (i32.const 1))`,
      process: `
        (if (i32.eqz (local.get $count)) (then (return (i32.const 0))))
        (call $value (i32.const 512) (i32.const 4) (i32.const 9) (f64.const 1000) (f64.load (i32.const 800)))
        (f64.store (i32.const 600) (f64.const 1)) (f64.store (i32.const 608) (f64.const 2)) (f64.store (i32.const 616) (f64.convert_i32_s (global.get $seen)))
        (i32.store (i32.const 624) (i32.load (i32.const 824))) (i32.store (i32.const 628) (i32.const 512)) (i32.store (i32.const 632) (i32.const 4))
        (i32.store (i32.const 636) (i32.const 832)) (i32.store (i32.const 640) (i32.load8_u (i32.const 828))) (i32.store8 (i32.const 644) (i32.const 2))
        (call $incident (i32.const 600))
        (call $value (i32.const 516) (i32.const 4) (i32.const 9) (f64.const 2000) (f64.convert_i32_u (global.get $rows)))
        (call $value (i32.const 520) (i32.const 4) (i32.const 9) (f64.const 3000) (f64.convert_i32_u (global.get $flags)))
        (i32.const 0)`,
      more: `(data (i32.const 512) "steprowsflag") (global $rows (mut i32) (i32.const 0)) (global $flags (mut i32) (i32.const 0))
        (func (export "makai_history") (param $ptr i32) (param $count i32) (param $kind i32) (local $at i32)
          (local.set $at (i32.add (local.get $ptr) (i32.const 14)))
          (loop $row
            (global.set $flags (i32.add (global.get $flags) (i32.load8_u (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 64)))
            (br_if $row (i32.lt_u (local.get $at) (i32.add (local.get $ptr) (i32.mul (local.get $count) (i32.const 64))))))
          (global.set $rows (i32.add (global.get $rows) (i32.mul (local.get $count) (local.get $kind)))))`,
    });
    const box = {
      box_id: '42',
      calibration_constant: 2,
      unplugged: false,
      location: 'lab',
      nominal_voltage: 230,
    };
    rig.host.update(toSiteData(undefined, [box]));
    await rig.host.load([{ path: rig.file('w.wasm', assemble(text)) }]);
    await running('w');
    rig.feed(3);
    await until(() => found.length === 1);
    assert.deepEqual(store.asked, [[5, 10, 20]]);
    assert.deepEqual(found[0]?.values, [
      { kind: 'value', series: 'step', boxId: 9, timestampMs: 1000, value: 230 },
      { kind: 'value', series: 'rows', boxId: 9, timestampMs: 2000, value: 1500 + 2 },
      { kind: 'value', series: 'flag', boxId: 9, timestampMs: 3000, value: 1 + 4 },
    ]);
    assert.deepEqual(found[0]?.incidents, [
      {
        ...{ kind: 'incident', boxId: 42, startMs: 1, endMs: 2, class: 'step', quantity: 'FREQUENCY' },
        ...{ deviation: -1, description: 'lab' },
      },
    ]);
    await rig.stop();
    assert.deepEqual(store.states.get('w'), {
      plugin: 'w',
      format: 'bytes',
      body: Buffer.from('step').toString('base64'),
    });
    start();
    rig.host.update(toSiteData(undefined, [box]));
    await rig.host.load([{ path: rig.file('w.wasm', assemble(text)) }]);
    await running('w');
    rig.feed(1);
    await until(() => found.length === 1);
    assert.equal(found[0]?.incidents[0]?.deviation, 4, 'the length of the state of before');
  });
});

describe('plugin-host: boxes', () => {
  it('are the same list, by id, until the next update, and the one past an id is found', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(ids, fc.integer({ min: -1, max: 41 }), (boxIds, after) => {
        const documents = boxIds.map((boxId) => ({
          ...{ box_id: String(boxId), calibration_constant: 2, unplugged: false },
        }));
        const site = new Site(toSiteData(undefined, documents));
        const boxes = site.boxes();
        const rising = boxIds.toSorted((a, b) => a - b);
        assert.deepEqual(
          boxes.map(({ boxId }) => boxId),
          rising,
        );
        assert.equal(site.boxes(), boxes);
        assert.equal(
          boxAfter(boxes, after)?.boxId,
          rising.find((boxId) => boxId > after),
        );
      }),
    );
  });
});

describe('plugin-host: shapes of results', () => {
  const incident = {
    ...{ kind: 'incident', boxId: 1, startMs: 1, endMs: 2, class: 'step', quantity: 'VOLTAGE', deviation: 1 },
  };
  const value = { kind: 'value', series: 's', boxId: 1, timestampMs: 5, value: 0.5 };

  for (const [wrong, problem] of [
    [{ ...incident, boxId: -1 }, /box id/],
    [{ ...incident, startMs: 3 }, /window/],
    [{ ...incident, class: 'a b' }, /class/],
    [{ ...incident, quantity: 'VOLTS' }, /quantity/],
    [{ ...incident, deviation: Number.NaN }, /deviation/],
  ] as const)
    it(`refuses an incident: ${problem}`, () => assert.match(String(toIncident(wrong)), problem));

  for (const [wrong, problem] of [
    [{ ...value, series: '' }, /series/],
    [{ ...value, series: 'x'.repeat(41) }, /series/],
    [{ ...value, boxId: 1.5 }, /box id/],
    [{ ...value, timestampMs: -1 }, /time/],
    [{ ...value, value: Number.POSITIVE_INFINITY }, /not a number/],
  ] as const)
    it(`refuses a value: ${problem}`, () => assert.match(String(toValue(wrong)), problem));

  it('survives anything, and loses none', () => {
    const near = fc.record(
      {
        kind: fc.constantFrom('incident', 'value', 'other', 5),
        boxId: fc.anything(),
        startMs: fc.anything(),
        endMs: fc.anything(),
        class: fc.anything(),
        series: fc.anything(),
        value: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.anything(), near)), (results) => {
        const collector = new ResultCollector();
        collector.addResults(results);
        const { incidents, requests, refused, surplus, values } = collector.take();
        assert.equal(incidents.length + requests.length + values.length + refused + surplus, results.length);
      }),
      { numRuns: runs(500) },
    );
  });

  it('counts what is beyond the limits of a call as surplus', () => {
    const collector = new ResultCollector();
    collector.addResults(new Array(30_000).fill(value));
    const { values, surplus } = collector.take();
    assert.deepEqual([values.length, surplus], [20_000, 10_000]);
  });

  it('keeps JSON and bytes as they are, a copy each time, and no more than 64 KiB', () => {
    const memory = new PluginMemory();
    assert.equal(memory.get(), undefined);
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.uint8Array()), (kept) => {
        memory.set(kept);
        const again = memory.get();
        assert.deepEqual(again, kept instanceof Uint8Array ? kept : JSON.parse(JSON.stringify(kept)));
        if (typeof again === 'object' && again !== null) assert.notEqual(memory.get(), again);
      }),
      { numRuns: runs(200) },
    );
    assert.throws(() => memory.set('x'.repeat(65_535)), RangeError);
    assert.throws(() => memory.set(new Uint8Array(65_537)), RangeError);
    assert.throws(() => memory.set(undefined), TypeError);
    assert.throws(() => memory.set(() => undefined), TypeError);
  });
});
