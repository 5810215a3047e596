import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limitMemory } from '../../plugin-host/wasm-limits.js';
import { inspectModule } from '../../plugin-host/wasm-module.js';
import { sectionsOf, WasmFormatError } from '../../plugin-host/wasm-reader.js';
import { assemble, pluginText } from './wat.js';

const PAGES = 16;
const MEMORY_MB = 1;

function memoryOf(bytes: Uint8Array): WebAssembly.Memory {
  const { module } = inspectModule(bytes, MEMORY_MB);
  assert.ok(module);
  const makai = { log: () => undefined, now_ms: () => 0 };
  return new WebAssembly.Instance(module, { makai }).exports.memory as WebAssembly.Memory;
}

/** A module of a header and the sections given, by hand. */
function raw(...sections: [id: number, ...content: number[]][]): Uint8Array {
  const parts = sections.flatMap(([id, ...content]) => [id, content.length, ...content]);
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...parts]);
}

describe('plugin-host: memory limits of WebAssembly', () => {
  it('gives a memory without a maximum one, so that it cannot grow past it', () => {
    const memory = memoryOf(assemble(pluginText()));
    assert.equal(memory.grow(PAGES - 2), 2);
    assert.throws(() => memory.grow(1), RangeError);
    assert.equal(memory.buffer.byteLength, MEMORY_MB * 2 ** 20);
  });

  it('lowers a maximum that is too high and leaves a lower one', () => {
    const high = memoryOf(assemble(pluginText({ memory: '(memory (export "memory") 2 60000)' })));
    assert.throws(() => high.grow(PAGES - 1), RangeError);
    const low = memoryOf(assemble(pluginText({ memory: '(memory (export "memory") 2 3)' })));
    low.grow(1);
    assert.throws(() => low.grow(1), RangeError);
  });

  it('limits tables too', () => {
    const text = pluginText({
      more: `(table $t 1 funcref) (func (export "grow") (param i32) (result i32) (table.grow $t (table.get $t (i32.const 0)) (local.get 0)))`,
    });
    const { module, problems } = inspectModule(assemble(text), MEMORY_MB);
    assert.ok(module, problems.join());
    const grow = new WebAssembly.Instance(module, {}).exports.grow as (entries: number) => number;
    assert.equal(grow(9_999), 1);
    assert.equal(grow(1), -1);
  });

  const refused: [string, Uint8Array, RegExp][] = [
    [
      'more initial memory than the limit',
      assemble(pluginText({ memory: '(memory (export "memory") 17)' })),
      /begins with 1\.0625 MiB/,
    ],
    ['shared memory', raw([5, 1, 3, 1, 2]), /shared or of 64 bits/],
    ['64-bit memory', raw([5, 1, 4, 1]), /shared or of 64 bits/],
    ['two memories', raw([5, 2, 0, 1, 0, 1]), /2 memories/],
    ['no memory', raw(), /no memory of its own/],
    ['a table of another type', raw([4, 1, 0x6e, 0, 1]), /type that is not offered/],
    [
      'too many tables',
      raw([4, 11, ...Array.from({ length: 11 }, () => [0x70, 0, 1]).flat()]),
      /more than 100000 entries/,
    ],
    ['types of the garbage collector', raw([1, 1, 0x5f, 0]), /garbage collector/],
    ['what is no module', Uint8Array.from([1, 2, 3]), /not a WebAssembly module/],
    ['nothing', new Uint8Array(0), /not a WebAssembly module/],
    ['a truncated module', assemble(pluginText()).subarray(0, 60), /truncated/],
    ['a module that is too large', new Uint8Array(17 * 2 ** 20), /at most 16777216/],
  ];
  for (const [what, bytes, message] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => limitMemory(bytes, PAGES), message));
  }

  it('takes or refuses any bytes, and throws nothing but WasmFormatError', () => {
    const sound = assemble(pluginText({ more: '(table 1 funcref)' }));
    const change = fc.record({ at: fc.nat(sound.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.nat(sound.length), (changes, length) => {
        const bytes = Uint8Array.from(sound);
        for (const { at, to } of changes) bytes[at] = to;
        for (const candidate of [bytes, bytes.subarray(0, length)]) {
          try {
            limitMemory(candidate, PAGES);
          } catch (error) {
            if (!(error instanceof WasmFormatError)) throw error;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never lets a module through that the engine compiles with more memory', () => {
    const sound = assemble(pluginText());
    const memory = sectionsOf(sound).find((section) => section.id === 5);
    assert.ok(memory);
    const change = fc.record({ at: fc.integer({ min: memory.start, max: memory.to }), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = Uint8Array.from(sound);
        for (const { at, to } of changes) bytes[at] = to;
        const { module, problems } = inspectModule(bytes, MEMORY_MB);
        if (!module || problems.length > 0) return;
        const found = new WebAssembly.Instance(module, {}).exports.memory as WebAssembly.Memory;
        assert.ok(found.buffer.byteLength <= MEMORY_MB * 2 ** 20);
        const pages = found.buffer.byteLength / 65_536;
        assert.throws(() => found.grow(PAGES + 1 - pages), RangeError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('plugin-host: what a WebAssembly plugin must be', () => {
  const problems = (text: string) => inspectModule(assemble(text), MEMORY_MB).problems;

  it('finds nothing wrong with a sound one', () => {
    const imports =
      '(import "makai" "log" (func (param i32 i32 i32))) (import "makai" "now_ms" (func (result f64)))';
    assert.deepEqual(problems(pluginText({ imports })), []);
  });

  it('names every import that is not offered', () => {
    const imports = `(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
      (import "makai" "clock" (func (result f64))) (import "env" "g" (global i32))`;
    const found = problems(pluginText({ imports }));
    assert.equal(found.length, 3);
    assert.match(
      found[0] ?? '',
      /imports the function wasi_snapshot_preview1\.fd_write, which is not offered/,
    );
    assert.match(found[2] ?? '', /imports the global env\.g/);
  });

  it('names every export that is missing or of another kind', () => {
    assert.deepEqual(problems('(module (memory (export "makai_alloc") 1))'), [
      'does not export the memory memory',
      'does not export the function makai_abi_version',
      'does not export the function makai_alloc (it is a memory)',
      'does not export the function makai_configure',
      'does not export the function makai_process',
      'does not export the function makai_requests',
    ]);
  });

  it('looks at exports that need not be there, when they are', () => {
    const unload = (type: string) => problems(pluginText({ more: `(func (export "makai_unload") ${type})` }));
    assert.deepEqual(unload('(result i32) (i32.const 0)'), []);
    assert.deepEqual(unload('(param i32)'), ['makai_unload is (i32) → nothing; it must be () → i32']);
    assert.deepEqual(problems(pluginText({ more: '(global (export "makai_unload") i32 (i32.const 0))' })), [
      'does not export the function makai_unload (it is a global)',
    ]);
  });

  it('names functions of another type', () => {
    const text = pluginText()
      .replace(
        '(export "makai_requests") (result i32) (i32.const 0)',
        '(export "makai_requests") (result i64) (i64.const 0)',
      )
      .replace('(module', '(module (import "makai" "now_ms" (func (param i32) (result f64)))');
    assert.deepEqual(problems(text), [
      'makai_requests is () → i64; it must be () → i32',
      'makai.now_ms is (i32) → f64; it must be () → f64',
    ]);
  });
});
