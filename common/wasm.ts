/** The WebAssembly modules of this package, each compiled once. */
import { readFileSync } from 'node:fs';
import { MakaiError } from './errors.js';

const modules = new Map<string, WebAssembly.Module>();

/**
 * An instance with a memory of its own.
 * @param file the built module
 * @throws MakaiError BUILD_INCOMPLETE when it is missing
 */
export function wasmExports(file: URL): Record<string, unknown> {
  let compiled = modules.get(file.href);
  try {
    compiled ??= new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new MakaiError('BUILD_INCOMPLETE', `${file.pathname} cannot be loaded`, {
      hint: 'npm run build:wasm makes it',
      cause,
    });
  }
  modules.set(file.href, compiled);
  return new WebAssembly.Instance(compiled, {}).exports;
}
