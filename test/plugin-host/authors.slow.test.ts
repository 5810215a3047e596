/** What an author meets: slips in names, exceptions, console output, imported files that change, too many events. */
import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { EventBudget } from '../../plugin-host/event-budget.js';
import { moduleGraph, versionOf } from '../../plugin-host/module-graph.js';
import { windowProblem } from '../../plugin-host/window-problem.js';
import { runs } from '../support/property.js';
import { FIRST_MS, HostRig, until } from './rig.js';
import { assemble, pluginText } from './wat.js';

describe('plugin-host: what authors meet', () => {
  let rig: HostRig;
  beforeEach(() => {
    rig = new HostRig();
  });
  afterEach(() => rig.stop());

  const refusal = async (name: string, text: string): Promise<string> => {
    await rig.host.load([{ path: rig.file(name, text) }]);
    await until(() => rig.plugin('x').state === 'refused');
    return rig.plugin('x').lastError ?? '';
  };

  it('refuses a plugin that handles nothing, and names the members that were meant', async () => {
    const why = await refusal(
      'x.mjs',
      "export default { name: 'x', process_batch() {}, processMeasurment() {}, ontick() {} }",
    );
    assert.match(why, /^it handles nothing: it has none of processMeasurement, processBatch, onTick/);
    assert.match(why, /it has process_batch, which is never called: did you mean processBatch\?/);
    assert.match(why, /did you mean processMeasurement\?.*did you mean onTick\?/);
  });

  it('names a misspelt member of a plugin that runs, and no other member of its own', async () => {
    await rig.host.load([
      {
        path: rig.file(
          'x.mjs',
          "export default class { name = 'x'; processBatch() {} processBatches() {} online() {} latest = 1; limits = []; on_unload() {} }",
        ),
      },
    ]);
    await until(() => rig.plugin('x').state === 'running');
    const warned = rig.lines.filter(({ level, plugin }) => level === 40 && plugin === 'x');
    assert.deepEqual(
      warned.map(({ msg }) => msg),
      ['it has on_unload, which is never called: did you mean onUnload?'],
    );
  });

  it('names member, file and line of an exception, by the source map where there is one', async () => {
    // One mapping: line 1, column 0 of the built file is line 43, column 8 of src/x.ts.
    const map = { version: 3, sources: ['../src/x.ts'], names: [], mappings: 'AA0CQ' };
    rig.file('x.js.map', JSON.stringify(map));
    rig.file('package.json', '{"type":"module"}');
    const built = "export default { name: 'x', processBatch(c) { return c.nothing.foo; } };";
    await rig.host.load([{ path: rig.file('x.js', `${built}\n//# sourceMappingURL=x.js.map\n`) }]);
    await until(() => rig.plugin('x').state === 'running');
    rig.feed(1);
    await until(() => rig.plugin('x').lastError !== undefined);
    assert.equal(
      rig.plugin('x').lastError,
      "processBatch: Cannot read properties of undefined (reading 'foo') (x.ts:43:9)",
    );
    const [line] = rig.logged('x', 'plugin stopped; restarted after a pause');
    assert.match(String(line?.stack), /^at .*processBatch.*\/src\/x\.ts:43:9\)$/);
  });

  it('names the file and line of a syntax error, also in a file that is imported', async () => {
    rig.file('part.mjs', 'export const a = 1;\nexport const b = (;\n');
    const why = await refusal(
      'x.mjs',
      "import { a } from './part.mjs'; export default { name: a, onTick() {} }",
    );
    assert.match(why, /^it cannot be loaded: Unexpected token ';' \(part\.mjs:2: export const b = \(;\)$/);
  });

  it('names what a timer of the plugin has thrown', async () => {
    const text =
      "export default { name: 'x', onTick() {}, onLoad() { setTimeout(() => { throw new Error('late'); }, 5); } }";
    await rig.host.load([{ path: rig.file('x.mjs', text) }]);
    await until(() => rig.plugin('x').lastError !== undefined);
    assert.match(rig.plugin('x').lastError ?? '', /^late \(x\.mjs:1:\d+\)$/);
  });

  it('logs all that a plugin prints, line by line, also of one that never returns', async () => {
    await rig.stop();
    // long enough for the lines on a busy machine, also one that stands still for some seconds
    rig = new HostRig({ limits: { batchMs: 10_000 } });
    const text = `export default { name: 'x', processBatch() {
      for (let i = 0; i < 100; i++) console.log('line ' + i);
      process.stdout.write('a part'); process.stderr.write('of another\\n'); console.error(' and its end'); process.stdout.write(' of it\\n');
      for (;;); } }`;
    await rig.host.load([{ path: rig.file('x.mjs', text) }]);
    await until(() => rig.plugin('x').state === 'running');
    rig.feed(1);
    await until(() => rig.plugin('x').lastError !== undefined);
    const said = rig.lines
      .filter(({ level, plugin }) => plugin === 'x' && level === 30)
      .map(({ msg }) => msg);
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    assert.deepEqual(said.slice(1), [...lines, 'of another', ' and its end', 'a part of it']);
  });

  it('takes what a compiler makes of a default export in CommonJS', async () => {
    const text = `Object.defineProperty(exports, '__esModule', { value: true });
      exports.default = class { name = 'compiled'; onTick() {} };`;
    await rig.host.load([{ path: rig.file('x.cjs', text) }]);
    await until(() => rig.plugin('x').name === 'compiled');
  });

  it('says of TypeScript that it has to be built first', async () => {
    await rig.host.load([{ path: rig.file('x.ts', 'export default {}') }]);
    assert.match(rig.host.status()[0]?.lastError ?? '', /is TypeScript: build it first/);
  });

  it('says in its own words why a WebAssembly plugin refuses its settings', async () => {
    const text = pluginText({
      imports: '(import "makai" "log" (func $log (param i32 i32 i32)))',
      configure: '(call $log (i32.const 3) (i32.const 512) (i32.const 15)) (i32.const 1)',
      more: '(data (i32.const 512) "limit: too small")',
    });
    await rig.host.load([{ path: rig.file('x.wasm', assemble(text)) }]);
    await until(() => rig.plugin('x').state === 'refused');
    assert.match(rig.plugin('x').lastError ?? '', /^makai_configure returned error 1: limit: too smal/);
  });

  it('restarts a plugin at a reload when a file that it imports has changed', async () => {
    mkdirSync(join(rig.folder, 'lib'));
    const limit = join(rig.folder, 'lib/limit.mjs');
    writeFileSync(limit, 'export const limit = 1;');
    rig.file('between.mjs', "export * from './lib/limit.mjs';");
    const path = rig.file(
      'x.mjs',
      "import { limit } from './between.mjs'; export default { name: 'x', version: String(limit), onTick() {} };",
    );
    await rig.host.load([{ path }]);
    await until(() => rig.plugin('x').version === '1');
    await rig.host.load([{ path }]);
    assert.equal(rig.logged('x', 'plugin runs').length, 1, 'nothing changed, so it was not restarted');
    writeFileSync(limit, 'export const limit = 2;');
    utimesSync(limit, new Date(), new Date(Date.now() + 5000));
    await rig.host.load([{ path }]);
    await until(() => rig.plugin('x').version === '2');
  });

  it('with reloadOnChange: restarts it by itself, and starts a file that comes later', async () => {
    await rig.stop();
    rig = new HostRig({ reloadOnChange: true });
    const later = join(rig.folder, 'y.mjs');
    const path = rig.file('x.mjs', "export default { name: 'x', version: '1', onTick() {} };");
    await rig.host.load([{ path }, { path: later }]);
    await until(() => rig.plugin('x').version === '1');
    writeFileSync(path, "export default { name: 'x', version: '22', onTick() {} };");
    await until(() => rig.host.status().some(({ version }) => version === '22'));
    writeFileSync(later, "export default { name: 'y', onTick() {} };");
    await until(() => rig.host.status().some(({ id, state }) => id === 'y' && state === 'running'));
  }).timeout(60_000);

  it('logs at a reload that a change could go unseen', async () => {
    const path = rig.file(
      'x.mjs',
      "const name = './' + 'part.mjs'; export default { name: 'x', onTick() {}, load: () => import(name) };",
    );
    await rig.host.load([{ path }]);
    await rig.host.load([{ path }]);
    const [line] = rig.lines.filter(({ msg }) => /could go unseen/.test(String(msg)));
    assert.match(String(line?.unseen), /imports a file whose name is computed/);
  });

  it('drops events beyond the limit per hour and box, counts and logs them', async () => {
    await rig.stop();
    rig = new HostRig({ limits: { eventsPerHour: 5 } });
    const text = `export default { name: 'x', processMeasurement(m) {
      return { startMs: m.timestampMs, endMs: m.timestampMs + 1, boxIds: [m.boxId, 77], triggerType: 'OTHER', percentMagnitude: 1, description: '', requestData: true }; } }`;
    await rig.host.load([{ path: rig.file('x.mjs', text) }]);
    await until(() => rig.plugin('x').state === 'running');
    rig.feed(100); // ten of each box
    // Its thread counts requests before the host has them; the host counts those that it drops.
    await until(() => rig.plugin('x').limitedRequests === 95);
    const asked = rig.requests.flatMap(({ request }) => request.boxIds);
    assert.equal(asked.filter((id) => id === 77).length, 5);
    for (let id = 1; id <= 10; id++) assert.equal(asked.filter((one) => one === id).length, 5);
    assert.equal(rig.plugin('x').requests, 100);
    assert.ok(
      rig.lines.some(({ msg }) =>
        /more events of a box than plugin_limits\.events_per_hour/.test(String(msg)),
      ),
    );
  });
});

describe('plugin-host: limits of requests', () => {
  const request = {
    startMs: FIRST_MS,
    endMs: FIRST_MS + 1000,
    boxIds: [1],
    triggerType: 'OTHER' as const,
    percentMagnitude: 0,
    description: '',
    requestData: true,
  };

  it('never admits more than the limit in any hour, and twice that in two', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 300 }), (pauses) => {
        let now = 0;
        const budget = new EventBudget(20, { monotonic: () => now });
        const times: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if (budget.admit(request)) times.push(now);
        }
        for (const from of times) {
          assert.ok(times.filter((t) => t >= from && t < from + 3_600_000).length <= 40);
        }
        assert.equal(budget.limited, pauses.length - times.length);
      }),
      { numRuns: runs(50) },
    );
  });

  it('beyond the boxes that are counted forgets the one that was asked longest ago, not the one that asks most', () => {
    const budget = new EventBudget(1, { monotonic: () => 0 });
    for (let boxId = 1; boxId <= 100_000; boxId++) assert.ok(budget.admitBox(boxId));
    assert.equal(budget.admitBox(1), false);
    assert.ok(budget.admitBox(100_001));
    assert.equal(budget.admitBox(1), false);
    assert.ok(budget.admitBox(2), 'forgotten');
  });

  it('refuses windows ahead of the clock, old ones and long ones', () => {
    const now = FIRST_MS + 1000;
    const problem = (startMs: number, endMs: number) => windowProblem({ startMs, endMs }, now, 60_000);
    assert.equal(problem(now - 1000, now + 300_000), undefined);
    assert.equal(problem(now - 1000, now + 300_001), 'window_in_the_future');
    assert.equal(problem(now - 86_400_001, now), 'window_too_old');
    assert.equal(problem(now - 6_000_001, now), 'window_too_long');
  });

  it('finds the files of a plugin in all ways to write an import, and survives any text', () => {
    const rig = new HostRig();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) rig.file(`${name}.mjs`, '');
    const path = rig.file(
      'x.mjs',
      `import a from './a.mjs'; import "./b.mjs"; export { c }\n from "./c.mjs"; const d = await import('./d.mjs');
       require('./e.mjs'); import { readFile } from 'node:fs'; import { x, y as z } from './f.mjs'; import missing from './gone.mjs'; import 'no-such-package';`,
    );
    const names = moduleGraph(path).files.map((file) => file.slice(rig.folder.length + 1));
    assert.deepEqual(names.sort(), [
      'a.mjs',
      'b.mjs',
      'c.mjs',
      'd.mjs',
      'e.mjs',
      'f.mjs',
      'gone.mjs',
      'x.mjs',
    ]);
    assert.match(versionOf(moduleGraph(path).files), /missing/);
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        writeFileSync(path, text);
        assert.ok(moduleGraph(path).files.includes(path));
      }),
      { numRuns: runs(100) },
    );
    return rig.stop();
  });
});
