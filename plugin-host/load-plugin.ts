/** Loads a plugin into this thread. The daemon does so in a worker thread; `makai plugin check` and `run` in their own. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../common/errors.js';
import { isThere } from '../common/is-there.js';
import { VERSION } from '../common/version.js';
import { JavaScriptPlugin } from './javascript-plugin.js';
import { type LoadedPlugin, PluginRefused } from './loaded-plugin.js';
import { manifestFile, moduleGraph } from './module-graph.js';
import { problemOf, syntaxPlace } from './plugin-problem.js';
import type { PluginFile } from './resolve-plugin.js';
import { inspectModule } from './wasm-module.js';
import { WasmPlugin } from './wasm-plugin.js';

/**
 * Loads and checks, without configuring.
 * @param memoryMb MiB that a WebAssembly plugin may have
 * @throws PluginRefused that lists all problems
 */
export async function loadPlugin(file: PluginFile, memoryMb: number): Promise<LoadedPlugin> {
  // First, so that a mistake in it is reported before any code of the plugin runs.
  const hasManifest = !file.shipped && isThere(manifestFile(file.file), 'PLUGIN_UNUSABLE');
  const described = hasManifest ? await import('./manifest.js') : undefined;
  const manifest = described?.readManifest(file.file);
  const plugin = await (file.language === 'webassembly' ? loadWasm(file, memoryMb) : loadJavaScript(file));
  return described && manifest ? new described.DescribedPlugin(plugin, file.file, manifest) : plugin;
}

async function loadWasm(file: PluginFile, memoryMb: number): Promise<LoadedPlugin> {
  const { module, problems } = inspectModule(await readFile(file.file), memoryMb);
  if (!module || problems.length > 0) throw new PluginRefused(problems.join('; '));
  return new WasmPlugin(file.name, module);
}

async function loadJavaScript(file: PluginFile): Promise<LoadedPlugin> {
  // Places in stacks are then those of the author's source, where the file has a source map.
  process.setSourceMapsEnabled(true);
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file.file).href);
  } catch (error) {
    throw new PluginRefused(`it cannot be loaded: ${loadProblem(file.file, error)}`, { cause: error });
  }
  return new JavaScriptPlugin(defaultOf(module), file.shipped ? VERSION : '');
}

function loadProblem(file: string, error: unknown): string {
  if (!(error instanceof SyntaxError)) return problemOf(error).problem;
  const place = syntaxPlace(moduleGraph(file).files);
  return `${messageOf(error)}${place === undefined ? '' : ` (${place})`}`;
}

/** What compilers make of a default export in CommonJS is a field of the default export. */
function defaultOf({ default: exported }: { default?: unknown }): unknown {
  const isCompiled = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isCompiled && 'default' in exported ? exported.default : exported;
}
