/** Plugins in either language, loaded as the host loads them, and driven by hand. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { JavaScriptPlugin } from '../../plugin-host/javascript-plugin.js';
import type { LoadedPlugin } from '../../plugin-host/loaded-plugin.js';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import { inspectModule } from '../../plugin-host/wasm-module.js';
import { WasmPlugin } from '../../plugin-host/wasm-plugin.js';
import type { EventRequest, PluginContext } from '../../plugins/sdk/plugin.js';
import { type Sample, toColumns } from './feed.js';

const modules = new Map<string, WebAssembly.Module>();

/** A shipped plugin's WebAssembly version: a new instance of it each time. */
export function shippedWasm(name: string): LoadedPlugin {
  let module = modules.get(name);
  if (module === undefined) {
    const bytes = readFileSync(join(PACKAGE_ROOT, `dist/plugins/${name}/${name}.wasm`));
    const inspected = inspectModule(bytes, 128);
    assert.ok(inspected.module && inspected.problems.length === 0, inspected.problems.join());
    module = inspected.module;
    modules.set(name, module);
  }
  return new WasmPlugin(name, module);
}

export function script(plugin: unknown): LoadedPlugin {
  return new JavaScriptPlugin(plugin, '');
}

/** One call of the host: a batch, or a tick. */
export type Step = { samples: Sample[]; nowMs: number } | { tickMs: number };

/** Configures, plays all steps, unloads. @returns what was asked for in each step, and last at unloading */
export async function play(
  plugin: LoadedPlugin,
  settings: Record<string, unknown>,
  context: PluginContext & { nowMs: number },
  steps: readonly Step[],
): Promise<EventRequest[][]> {
  await plugin.configure(settings, context);
  const out = new ResultCollector(new TokenBucket(1e9, 1));
  const asked: EventRequest[][] = [];
  const take = () => {
    const { requests, refused, surplus, problem } = out.take();
    assert.deepEqual([refused, surplus, problem], [0, 0, undefined]);
    asked.push(requests);
  };
  for (const step of steps) {
    if ('tickMs' in step) {
      context.nowMs = step.tickMs;
      plugin.tick(step.tickMs, out);
    } else {
      context.nowMs = step.nowMs;
      plugin.process(toColumns(step.samples), out);
    }
    take();
  }
  await plugin.unload(out);
  take();
  return asked;
}
