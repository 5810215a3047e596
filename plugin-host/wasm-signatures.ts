/** Types of the functions that a module imports and exports: the JavaScript API of WebAssembly has only their names and kinds. */
import { sectionsOf, WasmReader } from './wasm-reader.js';

export interface Signature {
  parameters: string[];
  results: string[];
}

export interface Signatures {
  /** `module.name` → type */
  imports: Map<string, Signature>;
  exports: Map<string, Signature>;
}

const VALUE_TYPES: Record<number, string> = {
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
  123: 'v128',
  112: 'funcref',
  111: 'externref',
};

const FUNCTION = 0;

/** For a module that the engine has compiled, whose types are functions only (limitMemory checks) and that imports only functions. */
export function signaturesOf(bytes: Uint8Array): Signatures {
  let types: Signature[] = [];
  const functions: (Signature | undefined)[] = [];
  const found: Signatures = { imports: new Map(), exports: new Map() };
  for (const { id, from, to } of sectionsOf(bytes)) {
    const reader = new WasmReader(bytes, from, to);
    if (id === 1) types = list(reader, () => readType(reader));
    if (id === 2) {
      list(reader, () => {
        const name = `${reader.name()}.${reader.name()}`;
        reader.byte();
        const type = types[reader.u32()];
        functions.push(type);
        if (type) found.imports.set(name, type);
      });
    }
    if (id === 3) list(reader, () => functions.push(types[reader.u32()]));
    if (id === 7) {
      list(reader, () => {
        const name = reader.name();
        const kind = reader.byte();
        const type = functions[reader.u32()];
        if (kind === FUNCTION && type) found.exports.set(name, type);
      });
    }
  }
  return found;
}

/** `(i32, i32) → i32` */
export function signatureText(parameters: readonly string[], results: readonly string[]): string {
  return `(${parameters.join(', ')}) → ${results.length === 0 ? 'nothing' : results.join(', ')}`;
}

function readType(reader: WasmReader): Signature {
  reader.byte();
  const values = () => list(reader, () => VALUE_TYPES[reader.byte()] ?? 'another type');
  return { parameters: values(), results: values() };
}

function list<T>(reader: WasmReader, read: () => T): T[] {
  const count = reader.u32();
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}
