/** The checker, on plugins without errors and on plugins that are wrong in every way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CheckReport, checkPlugin } from '../../../cli/plugin/check.js';
import { DEFAULT_RECORDING } from '../../../cli/plugin/recording.js';
import { reportText } from '../../../cli/plugin/report.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { DEFAULT_PLUGIN_LIMITS, type PluginLimits } from '../../../plugin-host/limits.js';
import { assemble, type PluginText, pluginText, storeRequest } from '../../plugin-host/wat.js';
import { skipFor } from '../../support/compilers.js';

/** Shipped plugins with a version in WebAssembly. */
const WASM_PLUGINS = ['napali'];

/** For plugins that hang. Only the limit that the plugin exceeds is short: on a busy machine what comes before may take longer than that. */
function limitsFor({ source }: RegExp): PluginLimits {
  if (/took longer .* to load/.test(source)) return { ...DEFAULT_PLUGIN_LIMITS, loadMs: 1500 };
  if (/took longer .* to unload/.test(source)) return { ...DEFAULT_PLUGIN_LIMITS, unloadMs: 500 };
  if (/took longer/.test(source)) return { ...DEFAULT_PLUGIN_LIMITS, batchMs: 500 };
  return DEFAULT_PLUGIN_LIMITS;
}
const LOG = '(import "makai" "log" (func $log (param i32 i32 i32)))';

describe('cli: makai plugin check', function () {
  this.timeout(400_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-check-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function check(path: string, settings = {}, limits = DEFAULT_PLUGIN_LIMITS): Promise<CheckReport> {
    return checkPlugin(path, { settings, recording: 'checkup', options: DEFAULT_RECORDING, limits });
  }

  function written(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  const module = (parts: PluginText) => written('plugin.wasm', assemble(pluginText(parts)));
  const script = (body: string) => written('plugin.mjs', `export default class { name = 'p'; ${body} }`);

  for (const name of ['threshold', 'napali', 'outage', 'print']) {
    it(`finds no errors in ${name.split('/').at(-1)}`, async () => {
      const report = await check(name);
      assert.deepEqual(report.problems, []);
      assert.ok(report.totals && report.totals.measurements > 10_000 && (report.totals.perSecond ?? 0) > 0);
      assert.match(reportText(report), /measurements\/s in full batches(.|\n)*\nno errors\n$/);
    });
  }

  it('ships only modules that WABT finds valid', function () {
    const validate = (file: string) => spawnSync('wasm-validate', [file], { encoding: 'utf8' });
    if (validate('--version').error) skipFor(this, 'wasm-validate (wabt)');
    for (const name of WASM_PLUGINS) {
      const { status, stderr } = validate(join(PACKAGE_ROOT, `dist/plugins/${name}/${name}.wasm`));
      assert.equal(status, 0, stderr);
    }
  });

  it('prints what a plugin logs and requests, and warns of windows that no box keeps', async () => {
    const report = await check(
      script(`onLoad(s, c) { c.log.warn('hello ' + s.a); this.now = c.now; }
        onTick(now) { if (this.asked || now !== this.now()) return; this.asked = true;
          return { startMs: now - 60000, endMs: now, boxIds: [1, 2, 3, 4, 5, 6], triggerType: 'OTHER', percentMagnitude: 5, description: 'long\\u001b[2J', requestData: false }; }`),
      { a: 1 },
    );
    assert.deepEqual(report.problems, []);
    assert.deepEqual(report.log, ['warn: hello 1']);
    assert.equal(report.requests.length, 1, 'the clock of a tick is that of the context');
    assert.match(report.warnings.join(), /more than 50 s/);
    assert.match(reportText(report), /1 2 3 4 5 and 1 more {2}OTHER +5\.00 {2}long \[2J \(no data\)/);
  });

  const wrong: [what: string, parts: PluginText, problem: RegExp][] = [
    ['no memory', { memory: '' }, /the module has no memory of its own/],
    [
      'an import that is not offered',
      { imports: '(import "env" "abort" (func (param i32 i32 i32 i32)))' },
      /imports the function env\.abort, which is not offered/,
    ],
    [
      'an import of the wrong type',
      { imports: '(import "makai" "log" (func (param i32)))' },
      /makai\.log is \(i32\)/,
    ],
    ['another version of the ABI', { version: '(i32.const 99)' }, /built for version 99 of the ABI/],
    ['shared memory', { memory: '(memory (export "memory") 1 2 shared)' }, /shared/],
    [
      'more memory than it may have',
      { memory: '(memory (export "memory") 4000)' },
      /begins with 250 MiB of memory; it may have 128 MiB/,
    ],
    [
      'a start function that loops',
      { more: '(func $s (loop $l (br $l))) (start $s)' },
      /took longer than 1500 ms to load/,
    ],
    ['a start function that traps', { more: '(func $s (unreachable)) (start $s)' }, /unreachable/],
    [
      'makai_configure that loops',
      { configure: '(loop $l (br $l)) (i32.const 0)' },
      /took longer than 1500 ms to load/,
    ],
    ['makai_configure that refuses', { configure: '(i32.const 7)' }, /makai_configure returned error 7/],
    ['no memory from makai_alloc', { alloc: '(i32.const 0)' }, /gave no memory/],
    ['a wild address from makai_alloc', { alloc: '(i32.const 0x7ffffff8)' }, /outside its memory/],
    ['an odd address from makai_alloc', { alloc: '(i32.const 4097)' }, /not a multiple of 8/],
    ['a trap', { process: '(unreachable)' }, /unreachable/],
    ['a division by zero', { process: '(i32.div_u (local.get $count) (i32.const 0))' }, /divide by zero/],
    [
      'a trap in a tick alone',
      { process: '(if (i32.eqz (local.get $count)) (then (unreachable))) (i32.const 0)' },
      /unreachable/,
    ],
    ['a loop', { process: '(loop $l (br $l)) (i32.const 0)' }, /took longer than 500 ms for a batch/],
    [
      'a recursion without end',
      { process: '(call $f)', more: '(func $f (result i32) (i32.add (call $f) (i32.const 1)))' },
      /call stack/,
    ],
    [
      'requests at a wild address',
      { process: '(i32.const 1)', requests: '(i32.const -4)' },
      /makai_requests\(\) with 1 requests: 48 bytes at address 4294967292/,
    ],
    [
      'box ids at a wild address',
      {
        process: `${storeRequest(1024, '(i32.const -8)', '(i32.const 1)')} (i32.const 1)`,
        requests: '(i32.const 1024)',
      },
      /the box ids of a request/,
    ],
    [
      'a wild number of box ids',
      {
        process: `${storeRequest(1024, '(i32.const 600)', '(i32.const -1)')} (i32.const 1)`,
        requests: '(i32.const 1024)',
      },
      /the box ids of a request: 200004 bytes/,
    ],
    [
      'a text at a wild address',
      {
        process: `${storeRequest(1024, '(i32.const 600)', '(i32.const 1)', -1)} (i32.const 1)`,
        requests: '(i32.const 1024)',
      },
      /the description of a request/,
    ],
    [
      'a log line at a wild address',
      { imports: LOG, process: '(call $log (i32.const 1) (i32.const -2) (i32.const 9)) (i32.const 0)' },
      /the text given to makai\.log/,
    ],
    [
      'requests that are none',
      { process: '(i32.ne (local.get $count) (i32.const 0))', requests: '(i32.const 100000)' },
      /requests are refused: startMs is not before endMs/,
    ],
    [
      'more requests than one call may make',
      { memory: '(memory (export "memory") 8)', process: '(i32.const 5000)', requests: '(i32.const 200000)' },
      /asks for too much/,
    ],
    [
      'makai_unload that loops',
      { more: '(func (export "makai_unload") (result i32) (loop $l (br $l)) (i32.const 0))' },
      /took longer than 500 ms to unload/,
    ],
    ['a stray write', { process: '(i32.store (i32.const -4) (i32.const 1)) (i32.const 0)' }, /out of bounds/],
  ];
  for (const [what, parts, problem] of wrong) {
    it(`finds errors in WebAssembly with ${what}`, async () => {
      const report = await check(module(parts), {}, limitsFor(problem));
      assert.match(report.problems.join('; '), problem);
      assert.match(reportText(report), /\n\d+ errors?\n$/);
    });
  }

  it('names every export that is missing', async () => {
    const report = await check(written('empty.wasm', assemble('(module (memory (export "memory") 1))')));
    assert.equal(report.problems.length, 5);
    assert.equal(report.problems[0], 'does not export the function makai_abi_version');
  });

  it('says whether a memory has a maximum of its own', async () => {
    assert.deepEqual((await check(module({}))).memory, { ownMb: undefined, allowedMb: 128 });
    const own = await check(module({ memory: '(memory (export "memory") 2 32)' }));
    assert.deepEqual([own.memory?.ownMb, own.problems], [2, []]);
  });

  const broken: [what: string, file: [string, string], problem: RegExp][] = [
    ['bytes that are no module', ['x.wasm', 'hello'], /not a WebAssembly module/],
    ['a syntax error', ['x.mjs', 'export default {'], /cannot be loaded/],
    ['no default export', ['x.mjs', 'export const a = 1'], /default export/],
    [
      'an import that is not there',
      ['x.mjs', "import 'no-such-package'; export default { name: 'x' }"],
      /no-such-package/,
    ],
    [
      'a hook that is no function',
      ['x.mjs', "export default { name: 'x', onTick: 3 }"],
      /onTick is not a function/,
    ],
    [
      'onLoad that throws',
      [
        'x.mjs',
        "export default { name: 'x', onTick() {}, onLoad() { throw new Error('limit: must be more'); } }",
      ],
      /limit: must be more/,
    ],
    [
      'processBatch that throws',
      ['x.mjs', "export default { name: 'x', processBatch() { throw new Error('ouch'); } }"],
      /ouch/,
    ],
    [
      'an error thrown later',
      [
        'x.mjs',
        "export default { name: 'x', onTick() {}, onLoad() { setTimeout(() => { throw new Error('later'); }); return new Promise(() => {}); } }",
      ],
      /later/,
    ],
    [
      'a timer that throws while it is replayed',
      [
        'x.mjs',
        "export default { name: 'x', onTick() {}, onLoad() { setTimeout(() => { throw new Error('much later'); }, 300); } }",
      ],
      /^much later \(x\.mjs:1:\d+\)$/,
    ],
    [
      'no handler, but members close to one',
      ['x.mjs', "export default { name: 'x', process_batch() {}, processMeasurment() {} }"],
      /handles nothing.*did you mean processBatch.*did you mean processMeasurement/,
    ],
    [
      'a million requests in each onTick',
      [
        'x.mjs',
        "export default { name: 'x', onTick(t) { return new Array(1e6).fill({ startMs: t - 1, endMs: t, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 0, description: '' }); } }",
      ],
      /asks for too much/,
    ],
    [
      'a window that the daemon refuses',
      [
        'x.mjs',
        "export default { name: 'x', onTick(t) { return { startMs: t, endMs: t + 400000, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 0, description: '' }; } }",
      ],
      /requests are refused: the window ends more than 5 minutes ahead/,
    ],
    [
      'a window of yesterday',
      [
        'x.mjs',
        "export default { name: 'x', onTick(t) { return { startMs: t - 86500000, endMs: t, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 0, description: '' }; } }",
      ],
      /requests are refused: the window begins more than 24 hours ago/,
    ],
    [
      'a magnitude that is not a number',
      [
        'x.mjs',
        "export default { name: 'x', onTick(t) { return { startMs: t - 1000, endMs: t, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 0 / 0, description: '' }; } }",
      ],
      /percentMagnitude is not a number of 0 or more/,
    ],
    [
      'a promise for requests',
      ['x.mjs', "export default { name: 'x', async processBatch() {} }"],
      /returned a promise/,
    ],
    [
      'an end of the process',
      ['x.mjs', "export default { name: 'x', processBatch() { process.exit(0); } }"],
      /ended with code 0/,
    ],
    [
      'a loop',
      ['x.mjs', "export default { name: 'x', onTick() { for (;;); } }"],
      /took longer than 500 ms in onTick/,
    ],
    [
      'a leak',
      [
        'x.mjs',
        "const kept = []; export default { name: 'x', processBatch() { kept.push(new Uint8Array(1e6).fill(1)); } }",
      ],
      /outgrew its memory/,
    ],
    [
      'requests for no box',
      [
        'x.mjs',
        "export default { name: 'x', onTick(t) { return { startMs: t, endMs: t + 1, boxIds: [], triggerType: 'OTHER' }; } }",
      ],
      /boxIds is empty/,
    ],
  ];
  for (const [what, [name, text], problem] of broken) {
    it(`finds errors in a file with ${what}`, async () => {
      assert.match((await check(written(name, text), {}, limitsFor(problem))).problems.join('; '), problem);
    });
  }

  it('ends a plugin that keeps each limit and yet takes too long for all of it', async () => {
    const recording = 'checkup';
    const file = script('onTick() { const until = Date.now() + 100; while (Date.now() < until); }');
    const options = { settings: {}, recording, options: DEFAULT_RECORDING, maxMs: 2000 };
    assert.deepEqual((await checkPlugin(file, options)).problems, [
      'took longer than 2 s for the whole recording',
    ]);
  });

  it('passes on all that a plugin prints, and says where it threw', async () => {
    const lines: string[] = [];
    const file = script(
      'onLoad() { this.n = 0; } onTick() { for (let i = 0; i < 10; i++) console.log(this.n++); if (this.n > 2000) return this.x.y; }',
    );
    const options = { settings: {}, recording: 'checkup', options: DEFAULT_RECORDING };
    const report = await checkPlugin(file, { ...options, logged: (line) => void lines.push(line) });
    assert.deepEqual(
      lines,
      Array.from({ length: 2010 }, (_, i) => `info: ${i}`),
    );
    assert.match(report.problems.join(), /^onTick: Cannot read .*\(plugin\.mjs:1:\d+\)$/);
    assert.match(reportText(report), /\n {2}at .*plugin\.mjs:1:\d+\)?\n1 error\n$/);
  });

  it('warns of more events than the daemon takes of a plugin in an hour', async () => {
    const file = script(
      "onTick(t) { return { startMs: t - 1000, endMs: t, boxIds: [1], triggerType: 'OTHER', percentMagnitude: 1, description: '' }; }",
    );
    const report = await check(file);
    assert.match(
      report.warnings.join(),
      /34 of its requests are beyond plugin_limits\.events_per_hour \(300/,
    );
    assert.equal(report.requests.length, 330);
  });

  it('refuses a file that is not there, and a recording that is none', async () => {
    await assert.rejects(check(join(folder, 'nowhere.wasm')), { code: 'PLUGIN_UNUSABLE' });
    const recording = written('empty.cfg', 'nonsense');
    await assert.rejects(checkPlugin('threshold', { settings: {}, recording, options: DEFAULT_RECORDING }), {
      code: 'RECORDING_INVALID',
    });
  });
});
