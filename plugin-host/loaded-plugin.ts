/** A plugin as the host sees it, whatever language it is written in. It runs in the thread that loaded it. */

import type { PluginContext, SecondSummary } from '../plugins/sdk/plugin.js';
import type { MeasurementColumns } from '../proto/columns.js';
import type { ResultCollector } from './result-collector.js';

export type PluginLanguage = 'javascript' | 'webassembly';

/** The plugin or its settings cannot be used: it is not started again until its configuration or its file changes. */
export class PluginRefused extends Error {
  override readonly name = 'PluginRefused';
}

export interface LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly language: PluginLanguage;
  /** what is allowed, but most likely a slip */
  readonly warnings: readonly string[];
  /** what its manifest says that it reads */
  readonly reads?: readonly string[];
  /** MiB of a WebAssembly plugin's memory now; undefined before it is configured, and for JavaScript */
  readonly memoryMb?: number | undefined;
  /** Once, first. @throws PluginRefused when the plugin refuses its settings */
  configure(settings: Record<string, unknown>, context: PluginContext): Promise<void>;
  /** One batch of at most MAX_BATCH measurements; `columns` belongs to the plugin during the call. */
  process(columns: MeasurementColumns, out: ResultCollector): void;
  /** One second of all boxes, where it compares boxes and several services divide them; undefined: it gets measurements instead */
  readonly summary?: ((summary: SecondSummary, out: ResultCollector) => void) | undefined;
  /** About once a second. */
  tick(nowMs: number, out: ResultCollector): void;
  /** Once, last. */
  unload(out: ResultCollector): Promise<void>;
}
