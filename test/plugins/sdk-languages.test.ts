/** The SDK's C and Rust code by itself. What plugins built with it do is in test/cli/plugin/new.test.ts. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { hasClang, rustcForWasm, skipFor } from '../support/compilers.js';
import { damaged } from './damaged-json.js';

const SDK = join(PACKAGE_ROOT, 'plugins/sdk');
const FLAGS = [
  '--target=wasm32',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffreestanding',
  '-nostdlib',
  `-I${join(SDK, 'c')}`,
];

/** Reads the settings `x` and `flag`, and shows what the library makes of them. */
const PROBE = `
#define MAKAI_IMPLEMENTATION
#include "makai.h"
static double x;
static int flag;
static makai_boxes boxes = {sizeof(uint64_t), 0, 0, NULL};
int32_t makai_configure(const char *text, uint32_t bytes) {
  makai_settings settings;
  makai_settings_open(&settings, text, bytes);
  x = makai_number(&settings, "x", -1, -1e300, 1e300);
  flag = makai_flag(&settings, "flag", 2);
  return makai_settings_close(&settings);
}
MAKAI_EXPORT(read_x) double read_x(void) { return x; }
MAKAI_EXPORT(read_flag) int read_flag(void) { return flag; }
MAKAI_EXPORT(count_box) double count_box(uint32_t id) {
  uint64_t *count = (uint64_t *)makai_box(&boxes, id);
  return count == NULL ? -1 : (double)++*count;
}
uint32_t makai_process(const makai_measurement *measurements, uint32_t count) {
  (void)measurements;
  makai_begin();
  for (uint32_t i = 0; i < count; i++) makai_ask(i, i + 1, 1, MAKAI_TRIGGER_OTHER, 1, "0123456789012345678901234567890123456789012345678901234567890123");
  return makai_asked();
}`;

interface Probe {
  memory: WebAssembly.Memory;
  makai_alloc(bytes: number): number;
  makai_configure(at: number, bytes: number): number;
  makai_process(at: number, count: number): number;
  read_x(): number;
  read_flag(): number;
  count_box(id: number): number;
}

describe('plugins/sdk: C', function () {
  this.timeout(60_000);
  let folder: string;
  let lines: string[] = [];
  let probe: Probe;
  before(function () {
    if (!hasClang()) skipFor(this, 'clang or wasm-ld');
    folder = mkdtempSync(join(tmpdir(), 'makai-c-'));
    writeFileSync(join(folder, 'probe.c'), PROBE);
    const linker = ['-Wl,--no-entry', '-Wl,--stack-first', '-Wl,--max-memory=4194304'];
    execFileSync('clang', [
      ...FLAGS,
      '-std=c11',
      ...linker,
      '-o',
      join(folder, 'probe.wasm'),
      join(folder, 'probe.c'),
    ]);
  });
  after(() => folder && rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    lines = [];
    const log = (_level: number, at: number, bytes: number) =>
      void lines.push(new TextDecoder().decode(new Uint8Array(probe.memory.buffer, at, bytes)));
    const { readFileSync } = await import('node:fs');
    const module = new WebAssembly.Module(readFileSync(join(folder, 'probe.wasm')));
    const makai = { log, now_ms: () => 0 };
    probe = new WebAssembly.Instance(module, { makai }).exports as unknown as Probe;
  });

  function configure(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const at = probe.makai_alloc(bytes.length);
    new Uint8Array(probe.memory.buffer).set(bytes, at);
    return probe.makai_configure(at, bytes.length);
  }

  it('is C++ too', () => {
    writeFileSync(join(folder, 'probe.cpp'), PROBE);
    execFileSync('clang++', [
      ...FLAGS,
      '-std=c++17',
      '-c',
      '-o',
      join(folder, 'probe.o'),
      join(folder, 'probe.cpp'),
    ]);
  });

  it('reads settings, and tells every mistake', () => {
    assert.equal(configure(' {"flag" : true, "x":\\t-2.5e1 , "x": 3} '.replace('\\t', '\t')), 0);
    assert.deepEqual([probe.read_x(), probe.read_flag()], [3, 1]);
    assert.equal(configure('{}'), 0);
    assert.deepEqual([probe.read_x(), probe.read_flag()], [-1, 2]);
    assert.equal(configure('{"x": "1", "flag": 0, "other": [1, {"x": 5}]}'), 1);
    assert.deepEqual(lines, ['x: must be a number', 'flag: must be true or false', 'other: no such setting']);
    assert.deepEqual([probe.read_x(), probe.read_flag()], [-1, 2]);
  });

  it('reads every number of up to 15 digits to the same bits as JavaScript, and others almost', () => {
    const short = fc.tuple(
      fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
      fc.integer({ min: -7, max: 7 }),
    );
    fc.assert(
      fc.property(short, ([digits, exponent]) => {
        const text = `${digits}e${exponent}`;
        configure(`{"x":${text}}`);
        assert.equal(probe.read_x() + 0, Number(text) + 0);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e299, max: 1e299 }), (value) => {
        configure(`{"x":${JSON.stringify(value)}}`);
        assert.ok(Math.abs(probe.read_x() - value) <= Math.abs(value) * 1e-13 + 1e-300);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes as JSON what JavaScript takes, and nothing else: text with a few characters changed', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(damaged(object, { maxLength: 3 }), (changed) => {
        let sound = true;
        try {
          const value: unknown = JSON.parse(changed);
          sound = typeof value === 'object' && value !== null && !Array.isArray(value);
        } catch {
          sound = false;
        }
        lines = [];
        configure(changed);
        assert.equal(lines.includes('settings: not a JSON object'), !sound, changed);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses what is nested too deeply without running out of stack', () => {
    assert.equal(configure(`{"x":${'['.repeat(100_000)}`), 1);
    assert.deepEqual(lines, ['settings: not a JSON object']);
  });

  it('keeps a state for each box, until there is no memory', () => {
    const counts = new Map<number, number>();
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat(50)), (id) => {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        assert.equal(probe.count_box(id), counts.get(id));
      }),
      { numRuns: 5000 },
    );
    let id = 1_000_000;
    while (probe.count_box(id) > 0) id += 1;
    assert.ok(id > 1_030_000, `a state takes 16 bytes: ${id - 1_000_000} of them in less than 4 MiB`);
    assert.equal(probe.count_box(1_000_000), 2, 'those that are there are still there');
  });

  it('leaves out requests beyond its room, and says so', () => {
    assert.equal(probe.makai_process(0, 4096), 4096);
    assert.deepEqual(lines, []);
    assert.equal(probe.makai_process(0, 4099), 4096);
    assert.equal(lines.length, 3);
  });
});

describe('plugins/sdk: Rust', function () {
  this.timeout(120_000);

  it('passes its own tests on this machine', function () {
    const rustc = rustcForWasm() ?? skipFor(this, 'rustc for wasm32');
    const folder = mkdtempSync(join(tmpdir(), 'makai-rust-'));
    try {
      const test = join(folder, 'test');
      execFileSync(rustc, [
        '--edition',
        '2021',
        '--test',
        '-D',
        'warnings',
        '-o',
        test,
        join(SDK, 'rust/src/lib.rs'),
      ]);
      const { status, stdout } = spawnSync(test, { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
      assert.match(stdout, /5 passed/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
