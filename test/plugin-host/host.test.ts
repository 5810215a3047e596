import assert from 'node:assert/strict';
import { rmSync, utimesSync } from 'node:fs';
import { EMPTY_SITE } from '../../plugin-host/site.js';
import { FIRST_MS, HostRig, until } from './rig.js';
import { assemble, pluginText, storeRequest } from './wat.js';

/** Asks for the first box of each batch and has in the text what it was given. */
const ASKS = `export default class {
  name = 'asks'; version = '2.1';
  onLoad(settings, context) { this.settings = settings; this.context = context; }
  processBatch(c) {
    return { startMs: c.timestampMs[0], endMs: c.timestampMs[0] + 500, boxIds: [c.boxId[0]], triggerType: 'VOLTAGE_SAG', percentMagnitude: 7.5,
      description: JSON.stringify({ ...this.settings, count: c.count, rms: c.rms.min[0], where: this.context.location(c.boxId[0]), t: this.context.thresholds(c.boxId[0]) }), requestData: true };
  }
  onUnload() { return { startMs: 1, endMs: 2, boxIds: [9], triggerType: 'OTHER', percentMagnitude: 0, description: 'last', requestData: false }; }
}`;

/** Counts measurements and logs the count at each tick. */
const COUNTS = `export default { name: 'counts', n: 0, onLoad(s, c) { this.log = c.log; }, processMeasurement() { this.n += 1; }, onTick() { this.log.info('n=' + this.n); } }`;

const SITE = {
  ...EMPTY_SITE,
  defaults: { refF: 60, refV: 120, fLow: 0.01, fHigh: 0.01, vLow: 0.05, vHigh: 0.05, thdHigh: 0.05 },
  overrides: [],
  locations: [[1, 'lab'] as [number, string]],
};

describe('plugin-host', () => {
  let rig: HostRig;
  beforeEach(() => {
    rig = new HostRig();
  });
  afterEach(() => rig.stop());

  const running = (id: string) => until(() => rig.plugin(id).state === 'running');
  const request = (text: string) => rig.requests.find((r) => r.request.description.includes(text));

  it('runs a JavaScript plugin: settings, context, batches, requests, last words', async () => {
    rig.host.update(SITE);
    const path = rig.file('asks.mjs', ASKS);
    await rig.host.load([{ path, depth: 3 }]);
    await running('asks');
    rig.feed(50, 101);
    await until(() => rig.requests.length === 1);
    const { description, ...rest } = rig.requests[0]?.request ?? { description: '{}' };
    assert.deepEqual(rest, {
      startMs: FIRST_MS,
      endMs: FIRST_MS + 500,
      boxIds: [1],
      triggerType: 'VOLTAGE_SAG',
      percentMagnitude: 7.5,
      requestData: true,
    });
    assert.deepEqual(JSON.parse(description), {
      depth: 3,
      count: 50,
      rms: 101,
      where: 'lab',
      t: SITE.defaults,
    });
    await rig.host.stop();
    assert.ok(request('last'), 'what it asks for when it unloads goes out');
    const { name, version, language, state, measurements, batches, requests, batchP99Us } =
      rig.plugin('asks');
    assert.deepEqual(
      { name, version, language, state, measurements, batches, requests },
      {
        name: 'asks',
        version: '2.1',
        language: 'javascript',
        state: 'stopped',
        measurements: 50,
        batches: 1,
        requests: 2,
      },
    );
    assert.ok(batchP99Us > 0);
  });

  it('runs a WebAssembly plugin: settings, log, clock, records, requests', async () => {
    const text = pluginText({
      imports:
        '(import "makai" "log" (func $log (param i32 i32 i32))) (import "makai" "now_ms" (func $now (result f64)))',
      configure: `(call $log (i32.const 1) (local.get $ptr) (local.get $bytes))
        (f64.lt (call $now) (f64.const 1.7e12))`,
      // One request for the boxes of the first two records when the first has less than 110 V.
      process: `
        (if (i32.eqz (local.get $count)) (then (return (i32.const 0))))
        (if (f32.ge (f32.load (i32.add (local.get $ptr) (i32.const 28))) (f32.const 110)) (then (return (i32.const 0))))
        (i32.store (i32.const 600) (i32.load (i32.add (local.get $ptr) (i32.const 8))))
        (i32.store (i32.const 604) (i32.load (i32.add (local.get $ptr) (i32.const 72))))
        ${storeRequest(1024, '(i32.const 600)', '(i32.const 2)')}
        (i32.const 1)`,
      requests: '(i32.const 1024)',
      more: '(data (i32.const 512) "dip!")',
    });
    await rig.host.load([{ path: rig.file('dips.wasm', assemble(text)), limit: 110 }]);
    await running('dips');
    // The plugin logs the bytes of its settings: one record, with the setting's path in it.
    const logged = rig.lines.filter(({ msg, plugin }) => plugin === 'dips' && String(msg).includes('limit'));
    assert.equal(logged.length, 1);
    rig.feed(100, 120);
    rig.feed(100, 100);
    await until(() => rig.requests.length === 1);
    assert.deepEqual(rig.requests[0], {
      plugin: 'dips',
      request: {
        startMs: FIRST_MS + 100,
        endMs: FIRST_MS + 600,
        boxIds: [1, 2],
        triggerType: 'VOLTAGE_SAG',
        percentMagnitude: 7.5,
        description: 'dip!',
        requestData: true,
      },
    });
    const { language, version, measurements } = rig.plugin('dips');
    assert.deepEqual([language, version, measurements], ['webassembly', '', 200]);
  });

  it('calls makai_unload of a WebAssembly plugin that has it, and takes what it asks for', async () => {
    const storing = storeRequest(1024, '(i32.const 600)', '(i32.const 1)').replaceAll(
      '(local.get $ptr)',
      '(i32.const 2048)',
    );
    const text = pluginText({
      requests: '(i32.const 1024)',
      more: `(func (export "makai_unload") (result i32)
          (f64.store (i32.const 2048) (f64.const 1.7e12)) (i32.store (i32.const 600) (i32.const 7)) ${storing} (i32.const 1))
        (data (i32.const 512) "bye!")`,
    });
    await rig.host.load([{ path: rig.file('last.wasm', assemble(text)) }]);
    await running('last');
    await rig.host.stop();
    assert.deepEqual(
      rig.requests.map(({ request }) => [request.description, request.boxIds]),
      [['bye!', [7]]],
    );
  });

  it('calls both kinds about once a second when nothing comes', async () => {
    const ticks = pluginText({
      imports: '(import "makai" "log" (func $log (param i32 i32 i32)))',
      process: '(call $log (i32.const 2) (i32.const 512) (i32.const 4)) (local.get $count)',
      more: '(data (i32.const 512) "tick")',
    });
    await rig.host.load([
      { path: rig.file('ticks.wasm', assemble(ticks)) },
      { path: rig.file('counts.mjs', COUNTS) },
    ]);
    await until(() => rig.logged('ticks', 'tick').length > 0 && rig.logged('counts', 'n=0').length > 0);
  });

  it('lets several entries of one plugin run side by side', async () => {
    const path = rig.file('asks.mjs', ASKS);
    await rig.host.load([
      { path, which: 'a' },
      { path, which: 'b' },
    ]);
    await running('asks');
    await running('asks#2');
    rig.feed(1);
    await until(() => request('"a"') !== undefined && request('"b"') !== undefined);
  });

  it('drops the oldest batches of a plugin that is too slow, counts them, and keeps no other back', async () => {
    await rig.stop();
    rig = new HostRig({ limits: { queueBatches: 4 } });
    const slow = `const gate = new Int32Array(new SharedArrayBuffer(4));
      export default { name: 'slow', processBatch() { Atomics.wait(gate, 0, 0, 20); } }`;
    await rig.host.load([{ path: rig.file('slow.mjs', slow) }, { path: rig.file('counts.mjs', COUNTS) }]);
    await running('slow');
    await running('counts');
    for (let i = 0; i < 50; i++) {
      const { measurements } = rig.plugin('counts');
      rig.feed(10);
      await until(() => rig.plugin('counts').measurements === measurements + 10);
    }
    await until(() => rig.plugin('slow').measurements + rig.plugin('slow').droppedMeasurements === 500);
    const { batches, droppedBatches, measurements, droppedMeasurements } = rig.plugin('slow');
    assert.equal(batches + droppedBatches, 50);
    assert.equal(measurements + droppedMeasurements, 500);
    assert.ok(droppedBatches > 0 && batches >= 4);
    assert.equal(rig.plugin('counts').droppedBatches, 0);
  });

  it('refuses a plugin whose onLoad throws, says why, and runs the others', async () => {
    const bad = `export default { name: 'bad', onTick() {}, onLoad() { throw new Error('alpha: expected a number'); } }`;
    await rig.host.load([{ path: rig.file('bad.mjs', bad) }, { path: rig.file('counts.mjs', COUNTS) }]);
    await running('counts');
    await until(() => rig.plugin('bad').state === 'refused');
    const why = 'onLoad: alpha: expected a number (bad.mjs:1:61)';
    assert.equal(rig.plugin('bad').lastError, why);
    assert.equal(rig.lines.filter((line) => line.problem === why).length, 1);
    rig.feed(10);
    await until(() => rig.plugin('counts').measurements === 10);
    assert.equal(rig.plugin('bad').restarts, 0);
  });

  const unusable: [string, string, string | Uint8Array, RegExp][] = [
    ['a syntax error', 'x.mjs', 'export default {', /cannot be loaded: /],
    ['a top level that throws', 'x.mjs', 'throw new Error("early")', /cannot be loaded: early/],
    ['no default export', 'x.mjs', 'export const name = "x"', /neither an object nor a class/],
    ['no name', 'x.mjs', 'export default {}', /has no name/],
    [
      'a hook that is no function',
      'x.mjs',
      'export default { name: "x", onTick: 1 }',
      /onTick is not a function/,
    ],
    [
      'a class that throws',
      'x.mjs',
      'export default class { constructor() { throw new Error("no") } }',
      /^constructor: no \(x\.mjs:1:46\)$/,
    ],
    ['bytes that are no module', 'x.wasm', 'hello', /not a WebAssembly module/],
    [
      'imports that are not offered',
      'x.wasm',
      assemble(pluginText({ imports: '(import "env" "abort" (func))' })),
      /imports the function env\.abort/,
    ],
    [
      'another version of the ABI',
      'x.wasm',
      assemble(pluginText({ version: '(i32.const 99)' })),
      /built for version 99 of the ABI(.|\n)*build it again/,
    ],
    [
      'an error from makai_configure',
      'x.wasm',
      assemble(pluginText({ configure: '(i32.const 3)' })),
      /returned error 3/,
    ],
    [
      'no memory from makai_alloc',
      'x.wasm',
      assemble(pluginText({ alloc: '(i32.const 0)' })),
      /gave no memory/,
    ],
    [
      'an odd address from makai_alloc',
      'x.wasm',
      assemble(pluginText({ alloc: '(i32.const 1001)' })),
      /not a multiple of 8/,
    ],
  ];
  for (const [what, name, content, problem] of unusable) {
    it(`refuses a plugin with ${what}`, async () => {
      await rig.host.load([{ path: rig.file(name, content) }]);
      await until(() => rig.plugin('x').state === 'refused');
      assert.match(rig.plugin('x').lastError ?? '', problem);
    });
  }

  it('says which file is missing or not shipped, and goes on', async () => {
    await rig.host.load([
      { path: '/nowhere/x.js' },
      { path: 'no-such-plugin' },
      { path: '/usr/local/lib/opq/plugins/libketos_plugin.so' },
      { path: 'x.py' },
      { path: '/usr/local/lib/opq/plugins/libprint_plugin.so' },
    ]);
    await running('print');
    const problems = rig.host.status().flatMap((s) => s.lastError ?? []);
    assert.equal(problems.length, 4);
    assert.match(problems.join('\n'), /no file \/nowhere\/x\.js.*no-such-plugin.*ketos.*x\.py/s);
    assert.ok(rig.lines.some((line) => /Check the `path` of the plugin/.test(String(line.hint))));
  });

  it('starts, stops and changes plugins on reload and leaves the others alone', async () => {
    const asks = rig.file('asks.mjs', ASKS);
    const counts = rig.file('counts.mjs', COUNTS);
    await rig.host.load([{ path: asks, which: 'first' }, { path: counts }]);
    await running('counts');
    await running('asks');
    rig.feed(10);
    await until(() => rig.plugin('counts').measurements === 10);
    await rig.host.load([{ path: counts }, { path: asks, which: 'second' }]);
    await running('asks');
    rig.feed(10);
    await until(() => request('second') !== undefined);
    await until(() => rig.plugin('counts').measurements === 20); // not restarted: it went on counting
    const lines = rig.logged('counts', 'plugin runs').length;
    assert.equal(lines, 1);
    utimesSync(counts, new Date(), new Date(Date.now() + 5000));
    await rig.host.load([{ path: counts }]);
    await until(() => rig.logged('counts', 'plugin runs').length === 2);
    assert.deepEqual(
      rig.host.status().map((s) => s.id),
      ['counts'],
    );
    rmSync(counts);
    await rig.host.load([{ path: counts }]);
    assert.deepEqual(
      rig.host.status().map((s) => s.state),
      ['refused'],
    );
  });

  it('hands new thresholds and locations to running plugins', async () => {
    await rig.host.load([{ path: rig.file('asks.mjs', ASKS) }]);
    await running('asks');
    rig.feed(10);
    await until(() => request('"where":"unknown"') !== undefined);
    rig.host.update(SITE);
    rig.feed(10);
    await until(() => request('"where":"lab"') !== undefined);
  });
});
