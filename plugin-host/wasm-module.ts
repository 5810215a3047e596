/** Checks a WebAssembly plugin before it runs: memory limits, imports, exports, and their types (ABI v2, plugins/sdk/abi.ts). */
import { messageOf } from '../common/errors.js';
import { ABI_EXPORTS, ABI_IMPORTS, ABI_OPTIONAL_EXPORTS } from '../plugins/sdk/abi.js';
import { limitMemory, PAGE_BYTES } from './wasm-limits.js';
import { WasmFormatError } from './wasm-reader.js';
import { type Signature, signaturesOf, signatureText } from './wasm-signatures.js';

export interface InspectedModule {
  /** compiled, with its memory limited; undefined when it cannot be */
  module: WebAssembly.Module | undefined;
  /** all reasons why it is not a plugin; empty: it is one */
  problems: string[];
}

const IMPORT_MODULE = 'makai';

/**
 * @param memoryMb max memory it may ever have, MiB
 */
export function inspectModule(bytes: Uint8Array, memoryMb: number): InspectedModule {
  let limited: Uint8Array<ArrayBuffer>;
  let module: WebAssembly.Module;
  try {
    limited = limitMemory(bytes, Math.floor((memoryMb * 2 ** 20) / PAGE_BYTES)).bytes;
    module = new WebAssembly.Module(limited);
  } catch (error) {
    if (error instanceof WasmFormatError || error instanceof WebAssembly.CompileError) {
      return { module: undefined, problems: [messageOf(error)] };
    }
    throw error;
  }
  const problems = [...wrongImports(module), ...wrongExports(module)];
  if (problems.length === 0) problems.push(...wrongTypes(limited));
  return { module, problems };
}

function wrongImports(module: WebAssembly.Module): string[] {
  const offered = Object.keys(ABI_IMPORTS);
  return WebAssembly.Module.imports(module)
    .filter((i) => i.module !== IMPORT_MODULE || i.kind !== 'function' || !offered.includes(i.name))
    .map((i) => {
      const known = offered.map((name) => `${IMPORT_MODULE}.${name}`).join(' and ');
      return `imports the ${i.kind} ${i.module}.${i.name}, which is not offered: only ${known} are`;
    });
}

function wrongExports(module: WebAssembly.Module): string[] {
  const exported = new Map(WebAssembly.Module.exports(module).map((e) => [e.name, e.kind]));
  const wanted = [['memory', 'memory'], ...Object.keys(ABI_EXPORTS).map((name) => [name, 'function'])];
  const offered = Object.keys(ABI_OPTIONAL_EXPORTS).filter((name) => exported.has(name));
  return [...wanted, ...offered.map((name) => [name, 'function'])].flatMap(([name = '', kind]) => {
    const found = exported.get(name);
    if (found === kind) return [];
    return [`does not export the ${kind} ${name}${found === undefined ? '' : ` (it is a ${found})`}`];
  });
}

function wrongTypes(bytes: Uint8Array): string[] {
  const { imports, exports } = signaturesOf(bytes);
  const problems: string[] = [];
  const compare = (name: string, found: Signature | undefined, parameters: string[], results: string[]) => {
    if (!found) return;
    const is = signatureText(found.parameters, found.results);
    const should = signatureText(parameters, results);
    if (is !== should) problems.push(`${name} is ${is}; it must be ${should}`);
  };
  for (const [name, [parameters, results]] of Object.entries({
    ...ABI_EXPORTS,
    ...ABI_OPTIONAL_EXPORTS,
  })) {
    compare(name, exports.get(name), [...parameters], [...results]);
  }
  for (const [name, [parameters, results]] of Object.entries(ABI_IMPORTS)) {
    const full = `${IMPORT_MODULE}.${name}`;
    compare(full, imports.get(full), [...parameters], [...results]);
  }
  return problems;
}
