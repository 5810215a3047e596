/** A JavaScript plugin: the default export of an ES or CommonJS module, an object or a class (plugins/sdk/plugin.ts). */
import { messageOf } from '../common/errors.js';
import type { Plugin, PluginContext, PluginMeasurement } from '../plugins/sdk/plugin.js';
import { METRICS, type MeasurementColumns, type Metric } from '../proto/columns.js';
import { type LoadedPlugin, PluginRefused } from './loaded-plugin.js';
import type { RequestCollector } from './request-collector.js';
import { cleanText } from './request-shape.js';

const HOOKS = ['onLoad', 'processMeasurement', 'processBatch', 'onTick', 'onUnload'] as const;

export class JavaScriptPlugin implements LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly language = 'javascript';
  readonly #plugin: Plugin;

  /**
   * @param exported the module's default export
   * @param version when the plugin names none
   * @throws PluginRefused when it is not a plugin
   */
  constructor(exported: unknown, version: string) {
    this.#plugin = toPlugin(exported);
    this.name = cleanText(this.#plugin.name, 100);
    const own: unknown = Reflect.get(this.#plugin, 'version');
    this.version = typeof own === 'string' ? cleanText(own, 100) : version;
  }

  async configure(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    try {
      await this.#plugin.onLoad?.(settings, context);
    } catch (error) {
      throw new PluginRefused(messageOf(error), { cause: error });
    }
  }

  process(columns: MeasurementColumns, out: RequestCollector): void {
    if (this.#plugin.processBatch) {
      collect(this.#plugin.processBatch(columns), 'processBatch', out);
    } else if (this.#plugin.processMeasurement) {
      for (let i = 0; i < columns.count; i++) {
        collect(this.#plugin.processMeasurement(measurementAt(columns, i)), 'processMeasurement', out);
      }
    }
  }

  tick(nowMs: number, out: RequestCollector): void {
    collect(this.#plugin.onTick?.(nowMs), 'onTick', out);
  }

  async unload(out: RequestCollector): Promise<void> {
    collect(await this.#plugin.onUnload?.(), 'onUnload', out);
  }
}

/** Row `i` of the columns as an object of its own. */
export function measurementAt(columns: MeasurementColumns, i: number): PluginMeasurement {
  const invalid = columns.invalid[i] ?? 0;
  const metric = (name: Metric) => ({
    min: columns[name].min[i] ?? Number.NaN,
    average: columns[name].average[i] ?? Number.NaN,
    max: columns[name].max[i] ?? Number.NaN,
  });
  return {
    boxId: columns.boxId[i] ?? 0,
    timestampMs: columns.timestampMs[i] ?? 0,
    f: metric('f'),
    rms: metric('rms'),
    thd: metric('thd'),
    trans: metric('trans'),
    invalid: invalid === 0 ? [] : METRICS.filter((_, bit) => (invalid & (1 << bit)) !== 0),
  };
}

function collect(result: unknown, hook: string, out: RequestCollector): void {
  if (result === undefined || result === null) return;
  if (Array.isArray(result)) {
    const admitted = out.admit(result.length);
    for (let i = 0; i < admitted; i++) out.add(result[i]);
  } else if (result instanceof Promise) {
    result.catch(() => undefined); // its reason does not matter: returning a promise is an error already
    throw new TypeError(`${hook} returned a promise; it must return its requests directly`);
  } else if (out.admit(1) === 1) {
    out.add(result);
  }
}

function toPlugin(exported: unknown): Plugin {
  const plugin: unknown = typeof exported === 'function' ? construct(exported) : exported;
  if (typeof plugin !== 'object' || plugin === null) {
    throw new PluginRefused('its default export is neither an object nor a class');
  }
  if (typeof Reflect.get(plugin, 'name') !== 'string') throw new PluginRefused('it has no name');
  for (const hook of HOOKS) {
    const kind = typeof Reflect.get(plugin, hook);
    if (kind !== 'undefined' && kind !== 'function') {
      throw new PluginRefused(`its ${hook} is not a function`);
    }
  }
  return plugin as Plugin; // name and hooks were just checked; what hooks return is checked at each call
}

function construct(exported: unknown): unknown {
  try {
    return Reflect.construct(exported as new () => unknown, []);
  } catch (error) {
    throw new PluginRefused(`its class cannot be constructed: ${messageOf(error)}`, { cause: error });
  }
}
