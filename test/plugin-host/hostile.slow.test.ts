/**
 * Plugins that break in every way: whatever one does, the stream goes on at its pace, a neighbour sees every measurement, and the
 * log says what happened.
 */
import assert from 'node:assert/strict';
import { REQUEST_BURST, REQUESTS_PER_SECOND } from '../../plugin-host/limits.js';
import { HostRig, until } from './rig.js';
import { assemble, type PluginText, pluginText, storeRequest } from './wat.js';

const NEIGHBOUR = `export default { name: 'neighbour', processBatch() {} }`;
const MIB = 2 ** 20;
const LIMITS = { batchMs: 5000, loadMs: 10_000, unloadMs: 500, memoryMb: 64 };
/** Where what takes too long is what is tested. */
const HASTY = { ...LIMITS, batchMs: 1000 };

function script(body: string): string {
  return `export default class { name = 'hostile'; ${body} }`;
}

function wat(parts: PluginText): Uint8Array<ArrayBuffer> {
  return assemble(pluginText(parts));
}

describe('plugin-host: hostile plugins', () => {
  let rig: HostRig;
  beforeEach(() => {
    rig = new HostRig({ limits: LIMITS });
  });
  afterEach(() => rig.stop());

  /** Loads the plugin beside a good neighbour, and feeds until `condition` holds. The neighbour misses nothing. */
  async function besideNeighbour(
    name: string,
    content: string | Uint8Array,
    condition: () => boolean,
  ): Promise<void> {
    await rig.host.load([{ path: rig.file(name, content) }, { path: rig.file('neighbour.mjs', NEIGHBOUR) }]);
    await until(
      () => rig.plugin('neighbour').state === 'running' && rig.plugin('hostile').state !== 'starting',
    );
    const before = rig.sent;
    await until(() => {
      rig.feed(20);
      return condition();
    });
    await until(() => rig.plugin('neighbour').measurements >= rig.sent - before);
    const { droppedMeasurements, restarts, lastError } = rig.plugin('neighbour');
    assert.deepEqual([droppedMeasurements, restarts, lastError], [0, 0, undefined]);
  }

  const logged = () =>
    rig.logged('hostile', 'plugin stopped; restarted after a pause').map((line) => String(line.problem));

  const breaking: [what: string, name: string, content: string | Uint8Array, problem: RegExp][] = [
    [
      'throws in processMeasurement',
      'hostile.mjs',
      script('processMeasurement() { throw new Error("ouch"); }'),
      /^processMeasurement: ouch \(hostile\.mjs:1:\d+\)$/,
    ],
    [
      'throws in processBatch',
      'hostile.mjs',
      script('processBatch() { throw new Error("ouch"); }'),
      /^processBatch: ouch \(hostile\.mjs:1:\d+\)$/,
    ],
    [
      'throws what is no error',
      'hostile.mjs',
      script('processBatch() { throw undefined; }'),
      /^processBatch: undefined$/,
    ],
    [
      'throws in onTick',
      'hostile.mjs',
      script('onTick() { throw new Error("tock"); }'),
      /^onTick: tock \(hostile\.mjs:1:\d+\)$/,
    ],
    [
      'throws later, outside any hook',
      'hostile.mjs',
      script('processBatch() { setTimeout(() => { throw new Error("later"); }); }'),
      /^later \(hostile\.mjs:1:\d+\)$/,
    ],
    [
      'rejects a promise nobody waits for',
      'hostile.mjs',
      script('processBatch() { Promise.reject(new Error("lost")); }'),
      /lost/,
    ],
    ['returns a promise', 'hostile.mjs', script('async processBatch() { return []; }'), /returned a promise/],
    [
      'returns what throws when it is read',
      'hostile.mjs',
      script('processBatch() { return { get startMs() { throw new Error("trap"); } }; }'),
      /^trap \(hostile\.mjs:1:\d+\)$/,
    ],
    ['ends its process', 'hostile.mjs', script('processBatch() { process.exit(3); }'), /exited with code 3/],
    [
      'ends its process in silence',
      'hostile.mjs',
      script('processBatch() { process.exit(0); }'),
      /exited with code 0/,
    ],
    [
      'loops without end',
      'hostile.mjs',
      script('processBatch() { for (;;); }'),
      /^took longer than 1000 ms for a batch$/,
    ],
    [
      'loops without end in onTick',
      'hostile.mjs',
      script('onTick() { for (;;); }'),
      /^took longer than 1000 ms in onTick$/,
    ],
    [
      'loops without end in its first call after many good ones',
      'hostile.mjs',
      script('n = 0; processBatch() { while (++this.n > 40); }'),
      /took longer than 1000 ms/,
    ],
    [
      'never returns from a deep recursion',
      'hostile.mjs',
      script('processBatch() { const f = () => f() + 1; f(); }'),
      /call stack/,
    ],
    [
      'leaks from batch to batch',
      'hostile.mjs',
      script('kept = []; processBatch() { for (let i = 0; i < 50000; i++) this.kept.push({ i }); }'),
      /^outgrew its memory: it holds \d+ MiB of 64$/,
    ],
    [
      'leaks in a map',
      'hostile.mjs',
      script('kept = new Map(); processBatch() { for (let i = 0; i < 50000; i++) this.kept.set({}, i); }'),
      /^outgrew its memory/,
    ],
    [
      'leaks buffers',
      'hostile.mjs',
      script('kept = []; processBatch() { this.kept.push(new Uint8Array(1e6).fill(1)); }'),
      /^outgrew its memory/,
    ],
    ['WebAssembly that traps', 'hostile.wasm', wat({ process: '(unreachable)' }), /unreachable/],
    [
      'WebAssembly that loops without end',
      'hostile.wasm',
      wat({ process: '(loop $l (br $l)) (unreachable)' }),
      /^took longer than 1000 ms for a batch$/,
    ],
    [
      'WebAssembly that writes outside its memory',
      'hostile.wasm',
      wat({ process: '(i32.store (i32.const 0x7fffffff) (i32.const 1)) (i32.const 0)' }),
      /out of bounds/,
    ],
    [
      'WebAssembly that recurses without end',
      'hostile.wasm',
      wat({
        process: '(call $deep (i32.const 1))',
        more: '(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))',
      }),
      /call stack/,
    ],
    [
      'WebAssembly whose requests lie outside its memory',
      'hostile.wasm',
      wat({ process: '(i32.const 2)', requests: '(i32.const -8)' }),
      /makai_requests\(\) with 2 requests: 96 bytes at address 4294967288 are outside its memory of 131072/,
    ],
    [
      'WebAssembly whose box ids lie outside its memory',
      'hostile.wasm',
      wat({
        process: `${storeRequest(1024, '(i32.const 131068)', '(i32.const 2)')} (i32.const 1)`,
        requests: '(i32.const 1024)',
      }),
      /the box ids of a request: 8 bytes at address 131068/,
    ],
    [
      'WebAssembly whose text lies outside its memory',
      'hostile.wasm',
      wat({
        process: `${storeRequest(1024, '(i32.const 600)', '(i32.const 1)', -1, 4)} (i32.store (i32.const 600) (i32.const 1)) (i32.const 1)`,
        requests: '(i32.const 1024)',
      }),
      /the description of a request/,
    ],
    [
      'WebAssembly that logs from outside its memory',
      'hostile.wasm',
      wat({
        imports: '(import "makai" "log" (func $log (param i32 i32 i32)))',
        process: '(call $log (i32.const 1) (i32.const 131070) (i32.const 1000)) (i32.const 0)',
      }),
      /the text given to makai\.log/,
    ],
  ];
  for (const [what, name, content, problem] of breaking) {
    it(`${what}: stopped, logged, restarted`, async () => {
      if (what.includes('without end')) {
        await rig.stop();
        rig = new HostRig({ limits: HASTY });
      }
      await besideNeighbour(name, content, () => rig.plugin('hostile').restarts >= 1);
      assert.match(logged()[0] ?? '', problem);
      assert.match(rig.plugin('hostile').lastError ?? '', problem);
    });
  }

  it('allocates without end within one call: ended before it takes the process along', async () => {
    const greedy = script(
      'processBatch() { const kept = new Map(); for (let i = 0; ; i++) kept.set(i, [i]); }',
    );
    await besideNeighbour('hostile.mjs', greedy, () => rig.plugin('hostile').restarts >= 1);
    assert.match(
      logged()[0] ?? '',
      /outgrew its memory: the process grew by \d+ MiB during one call; it may have 64|took longer/,
    );
  });

  it('WebAssembly that allocates without end gets no more than its memory', async () => {
    const grows = wat({
      process: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (memory.size)',
      requests: '(i32.const 131072)',
    });
    await rig.host.load([{ path: rig.file('hostile.wasm', grows) }]);
    await until(() => rig.plugin('hostile').state === 'running');
    const rss = process.memoryUsage.rss();
    rig.feed(5);
    await until(() => rig.plugin('hostile').refusedRequests > 0);
    assert.equal(
      rig.plugin('hostile').refusedRequests,
      1010,
      'pages it got, 16 at a time: at most 1024, 64 MiB',
    );
    assert.ok(process.memoryUsage.rss() - rss < 96 * MIB);
  });

  it('floods with requests: bounded, counted, logged', async () => {
    const flood = script(`processBatch(c) {
      return new Array(1e6).fill({ startMs: c.timestampMs[0], endMs: c.timestampMs[0] + 100, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 1, description: 'x'.repeat(100), requestData: true });
    }`);
    const startMs = performance.now();
    await besideNeighbour('hostile.mjs', flood, () => rig.plugin('hostile').surplusRequests > 5e6);
    const most = REQUEST_BURST + REQUESTS_PER_SECOND * (1 + (performance.now() - startMs) / 1000);
    assert.ok(rig.requests.length <= most, `${rig.requests.length} came through`);
    const [warning] = rig.logged('hostile', 'event requests of a plugin were dropped');
    assert.ok(Number(warning?.surplus) >= 1e6 - 4096);
    assert.equal(
      rig.logged('hostile', 'event requests of a plugin were dropped').length,
      1,
      'logged once per minute',
    );
  });

  it('WebAssembly that claims 100 MB of requests: only what may be read is read', async () => {
    const claims = wat({
      process: '(i32.const 0x7fffffff)',
      requests: '(i32.const 0)',
      memory: '(memory (export "memory") 8)',
    });
    await rig.host.load([{ path: rig.file('hostile.wasm', claims) }]);
    await until(() => rig.plugin('hostile').state === 'running');
    rig.feed(1);
    await until(() => rig.plugin('hostile').surplusRequests > 2e9);
    assert.equal(rig.plugin('hostile').refusedRequests, 4096, 'records of zeros are no requests');
    assert.equal(rig.plugin('hostile').state, 'running');
  });

  it('a request with a text of 100 MB: cut', async () => {
    const long = script(`processBatch(c) {
      return { startMs: 1, endMs: 2, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 1, description: 'x'.repeat(1e8), requestData: true };
    }`);
    await besideNeighbour('hostile.mjs', long, () => rig.requests.length > 0);
    assert.equal(rig.requests[0]?.request.description.length, 1000);
  });

  it('logs without end: lines are left out and counted', async () => {
    const chatty = script(`onLoad(s, c) { this.c = c; } processBatch() {
      console.log('to its standard output'); for (let i = 0; i < 10000; i++) this.c.log.info('x'.repeat(1e4)); }`);
    await besideNeighbour('hostile.mjs', chatty, () => rig.plugin('hostile').suppressedLogs > 20_000);
    const lines = rig.lines.filter((line) => line.plugin === 'hostile');
    assert.ok(lines.length < 1000);
    assert.ok(lines.every((line) => String(line.msg).length <= 1000));
    assert.ok(lines.some((line) => /to its standard output/.test(String(line.msg))));
  });

  it('writes into the columns it is given: nobody else sees it', async () => {
    const scribbles = script('processBatch(c) { c.rms.min.fill(-1); c.boxId.fill(77); c.count = 1e9; }');
    const checks = `export default { name: 'neighbour', processBatch(c) {
      if (c.rms.min.subarray(0, c.count).some((v) => v !== 120) || c.boxId.subarray(0, c.count).some((v) => v > 10)) throw new Error('spoilt'); } }`;
    await rig.host.load([
      { path: rig.file('hostile.mjs', scribbles) },
      { path: rig.file('neighbour.mjs', checks) },
    ]);
    await until(
      () => rig.plugin('neighbour').state === 'running' && rig.plugin('hostile').state === 'running',
    );
    for (let i = 1; i <= 20; i++) {
      rig.feed(100);
      await until(
        () =>
          rig.plugin('hostile').measurements === 100 * i && rig.plugin('neighbour').measurements === 100 * i,
      );
    }
    const { columns } = rig.writer;
    assert.ok(columns.rms.min.subarray(0, 2000).every((v) => v === 120));
    assert.deepEqual([rig.plugin('neighbour').restarts, rig.plugin('hostile').restarts], [0, 0]);
  });

  it('dies again and again: the pauses grow, and what it missed is counted', async () => {
    const dies = script('processBatch() { throw new Error("again"); }');
    await besideNeighbour('hostile.mjs', dies, () => rig.plugin('hostile').restarts >= 4);
    const pauses = rig
      .logged('hostile', 'plugin stopped; restarted after a pause')
      .map((line) => line.pauseMs);
    assert.deepEqual(pauses.slice(0, 5), [20, 40, 80, 160, 200].slice(0, pauses.length));
    // It may be running again, with nothing to die of.
    await until(() => {
      if (rig.plugin('hostile').state === 'running') rig.feed(1);
      return rig.plugin('hostile').state === 'pausing';
    });
    const { measurements, droppedMeasurements } = rig.plugin('hostile');
    assert.equal(measurements + droppedMeasurements, rig.sent);
  });

  for (const [what, body, problem] of [
    ['hangs', 'onUnload() { for (;;); }', /took longer than 500 ms to unload/],
    ['never finishes', 'onUnload() { return new Promise(() => {}); }', /took longer than 500 ms to unload/],
    ['throws', 'onUnload() { throw new Error("bye"); }', /onUnload: bye/],
  ] as const) {
    it(`${what} in onUnload: ended all the same`, async () => {
      if (what === 'throws') {
        // That it threw must come before the time for unloading is over.
        await rig.stop();
        rig = new HostRig({ limits: { ...LIMITS, unloadMs: 60_000 } });
      }
      await rig.host.load([{ path: rig.file('hostile.mjs', script(`onTick() {} ${body}`)) }]);
      await until(() => rig.plugin('hostile').state === 'running');
      await rig.host.load([]);
      const [line] = rig.logged('hostile', 'plugin did not stop cleanly');
      assert.match(String(line?.problem), problem);
    });
  }

  for (const [what, content] of [
    ['a loop in onLoad', script('onTick() {} onLoad() { for (;;); }')],
    ['an onLoad that never ends', script('onTick() {} onLoad() { return new Promise(() => {}); }')],
  ] as const) {
    it(`${what}: ended after the time for loading`, async () => {
      await rig.stop();
      rig = new HostRig({ limits: { loadMs: 800 } });
      await rig.host.load([{ path: rig.file('hostile.mjs', content) }]);
      await until(() => rig.plugin('hostile').restarts >= 1);
      assert.match(logged()[0] ?? '', /took longer than 800 ms to load/);
    });
  }
});
