/** WebAssembly plugins for tests, written as text and assembled with the binaryen that AssemblyScript brings. */
import binaryen from 'assemblyscript/binaryen';

export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.All);
    return Uint8Array.from(module.emitBinary());
  } finally {
    module.dispose();
  }
}

export interface PluginText {
  imports?: string;
  memory?: string;
  version?: string;
  alloc?: string;
  configure?: string;
  process?: string;
  requests?: string;
  more?: string;
}

/** A plugin that asks for nothing, with parts replaced. Bodies of functions see `$ptr` and `$count` (or `$bytes`). */
export function pluginText(parts: PluginText = {}): string {
  return `(module
    ${parts.imports ?? ''}
    ${parts.memory ?? '(memory (export "memory") 2)'}
    (global $heap (mut i32) (i32.const 4096))
    (global $seen (mut i32) (i32.const 0))
    (func (export "makai_abi_version") (result i32) ${parts.version ?? '(i32.const 2)'})
    (func (export "makai_alloc") (param $bytes i32) (result i32) (local $at i32)
      ${
        parts.alloc ??
        `(local.set $at (global.get $heap))
         (global.set $heap (i32.and (i32.add (i32.add (local.get $at) (local.get $bytes)) (i32.const 7)) (i32.const -8)))
         (local.get $at)`
      })
    (func (export "makai_configure") (param $ptr i32) (param $bytes i32) (result i32) ${parts.configure ?? '(i32.const 0)'})
    (func (export "makai_process") (param $ptr i32) (param $count i32) (result i32) ${parts.process ?? '(i32.const 0)'})
    (func (export "makai_requests") (result i32) ${parts.requests ?? '(i32.const 0)'})
    ${parts.more ?? ''}
  )`;
}

/** Stores one event request at `at`: boxes `$ptr` names, text at 512. */
export function storeRequest(at: number, boxes: string, boxCount: string, text = 512, textBytes = 4): string {
  return `
    (f64.store (i32.const ${at}) (f64.load (local.get $ptr)))
    (f64.store (i32.const ${at + 8}) (f64.add (f64.load (local.get $ptr)) (f64.const 500)))
    (f64.store (i32.const ${at + 16}) (f64.const 7.5))
    (i32.store (i32.const ${at + 24}) ${boxes})
    (i32.store (i32.const ${at + 28}) ${boxCount})
    (i32.store (i32.const ${at + 32}) (i32.const ${text}))
    (i32.store (i32.const ${at + 36}) (i32.const ${textBytes}))
    (i32.store8 (i32.const ${at + 40}) (i32.const 3))
    (i32.store8 (i32.const ${at + 41}) (i32.const 1))`;
}
