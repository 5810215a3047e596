/** Loads a plugin into this thread. The daemon does so in a worker thread; `makai plugin check` and `run` in their own. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../common/errors.js';
import { VERSION } from '../common/version.js';
import { JavaScriptPlugin } from './javascript-plugin.js';
import { type LoadedPlugin, PluginRefused } from './loaded-plugin.js';
import type { PluginFile } from './resolve-plugin.js';
import { inspectModule } from './wasm-module.js';
import { WasmPlugin } from './wasm-plugin.js';

/**
 * Loads and checks, without configuring.
 * @param memoryMb MiB that a WebAssembly plugin may have
 * @throws PluginRefused that lists all problems
 */
export async function loadPlugin(file: PluginFile, memoryMb: number): Promise<LoadedPlugin> {
  return file.language === 'webassembly' ? loadWasm(file, memoryMb) : loadJavaScript(file);
}

async function loadWasm(file: PluginFile, memoryMb: number): Promise<LoadedPlugin> {
  const { module, problems } = inspectModule(await readFile(file.file), memoryMb);
  if (!module || problems.length > 0) throw new PluginRefused(problems.join('; '));
  return new WasmPlugin(file.name, module);
}

async function loadJavaScript(file: PluginFile): Promise<LoadedPlugin> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file.file).href);
  } catch (error) {
    throw new PluginRefused(`it cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  return new JavaScriptPlugin(module.default, file.shipped ? VERSION : '');
}
