/** The SDK's C and Rust code by itself. What plugins built with it do is in test/cli/plugin/new.slow.test.ts. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { encodeSettings } from '../../plugin-host/wasm-settings.js';
import { hasClang, rustcForWasm, skipFor } from '../support/compilers.js';
import { runs } from '../support/property.js';

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
static double low;
static char name[16];
int32_t makai_configure(makai_setting *first, uint32_t bytes) {
  makai_settings settings;
  char path[32];
  makai_settings_open(&settings, first, bytes);
  x = makai_number(&settings, "x", -1, -1e300, 1e300);
  flag = makai_flag(&settings, "flag", 2);
  makai_text(&settings, "name", "default", name, sizeof name);
  low = 0;
  uint32_t count = makai_count(&settings, "list");
  for (uint32_t i = 0; i < count; i++) {
    makai_print(path, sizeof path, "list.%u.low", i);
    low += makai_number(&settings, path, 0, 0, 100);
  }
  return makai_settings_close(&settings);
}
MAKAI_EXPORT(read_x) double read_x(void) { return x; }
MAKAI_EXPORT(read_flag) int read_flag(void) { return flag; }
MAKAI_EXPORT(read_low) double read_low(void) { return low; }
MAKAI_EXPORT(read_name) uint32_t read_name(void) {
  uint32_t length = 0;
  while (name[length] != 0) length++;
  return length;
}
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
  read_low(): number;
  read_name(): number;
  count_box(id: number): number;
}

describe('plugins/sdk: C', function () {
  this.timeout(400_000);
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

  function configure(settings: Record<string, unknown>): number {
    const bytes = encodeSettings(settings);
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

  it('reads settings, and reports every mistake', () => {
    assert.equal(configure({ flag: true, x: -25, name: 'Grid', list: [{ low: 1.5 }, { low: 2 }] }), 0);
    assert.deepEqual(
      [probe.read_x(), probe.read_flag(), probe.read_low(), probe.read_name()],
      [-25, 1, 3.5, 4],
    );
    assert.equal(configure({}), 0);
    assert.deepEqual([probe.read_x(), probe.read_flag(), probe.read_low(), probe.read_name()], [-1, 2, 0, 7]);
    assert.equal(
      configure({ x: '1', flag: 0, name: null, list: [{ low: 1, hihg: 2 }], other: [1, { x: 5 }] }),
      1,
    );
    assert.deepEqual(lines, [
      'x: must be a number',
      'flag: must be true or false',
      'name: must be text',
      'list.0.hihg: no such setting',
      'other: no such setting',
    ]);
    lines = [];
    assert.equal(configure({ x: 1e301, list: 'low' }), 1);
    assert.match(lines.join(), /^x: must be -huge to huge,list: must be a list$/);
  });

  it('reads every number to the same bits as JavaScript', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e299, max: 1e299 }), (value) => {
        configure({ x: value });
        assert.ok(Object.is(probe.read_x(), value));
      }),
      { numRuns: runs(500) },
    );
  });

  it('keeps a state for each box, until there is no memory', () => {
    const counts = new Map<number, number>();
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat(50)), (id) => {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        assert.equal(probe.count_box(id), counts.get(id));
      }),
      { numRuns: runs(5000) },
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
  this.timeout(400_000);

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
      assert.match(stdout, /[1-9] passed/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
