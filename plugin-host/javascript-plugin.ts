/** A JavaScript plugin: the default export of an ES or CommonJS module, an object or a class (plugins/sdk/plugin.ts). */
import type { Plugin, PluginContext, PluginMeasurement, SecondSummary } from '../plugins/sdk/plugin.js';
import { flagNames, METRICS, type MeasurementColumns, type Metric } from '../proto/columns.js';
import { toPlugin } from './javascript-shape.js';
import type { LoadedPlugin } from './loaded-plugin.js';
import { inMember, MemberError } from './plugin-problem.js';
import { cleanText } from './request-shape.js';
import type { ResultCollector } from './result-collector.js';

export class JavaScriptPlugin implements LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly language = 'javascript';
  readonly warnings: readonly string[];
  readonly summary: ((summary: SecondSummary, out: ResultCollector) => void) | undefined;
  readonly #plugin: Plugin;

  /**
   * @param exported the module's default export
   * @param version when the plugin names none
   * @throws PluginRefused when it is not a plugin
   */
  constructor(exported: unknown, version: string) {
    const { plugin, warnings } = toPlugin(exported);
    this.#plugin = plugin;
    this.summary =
      plugin.processSummary &&
      ((summary, out) =>
        collect(
          inMember('processSummary', () => plugin.processSummary?.(summary)),
          'processSummary',
          out,
        ));
    this.warnings = warnings;
    this.name = cleanText(this.#plugin.name, 100);
    const own: unknown = Reflect.get(this.#plugin, 'version');
    this.version = typeof own === 'string' ? cleanText(own, 100) : version;
  }

  async configure(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    try {
      await this.#plugin.onLoad?.(settings, context);
    } catch (error) {
      throw new MemberError('onLoad', error);
    }
  }

  process(columns: MeasurementColumns, out: ResultCollector): void {
    const plugin = this.#plugin;
    if (plugin.processBatch) {
      collect(
        inMember('processBatch', () => plugin.processBatch?.(columns)),
        'processBatch',
        out,
      );
    } else if (plugin.processMeasurement) {
      inMember('processMeasurement', () => {
        for (let i = 0; i < columns.count; i++) {
          collect(plugin.processMeasurement?.(measurementAt(columns, i)), 'processMeasurement', out);
        }
      });
    }
  }

  tick(nowMs: number, out: ResultCollector): void {
    collect(
      inMember('onTick', () => this.#plugin.onTick?.(nowMs)),
      'onTick',
      out,
    );
  }

  async unload(out: ResultCollector): Promise<void> {
    let last: unknown;
    try {
      last = await this.#plugin.onUnload?.();
    } catch (error) {
      throw new MemberError('onUnload', error);
    }
    collect(last, 'onUnload', out);
  }
}

/** Row `i` of the columns as an object of its own. */
export function measurementAt(columns: MeasurementColumns, i: number): PluginMeasurement {
  const invalid = columns.invalid[i] ?? 0;
  const flags = columns.flags[i] ?? 0;
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
    flagged: flags === 0 ? [] : flagNames(flags),
  };
}

function collect(result: unknown, hook: string, out: ResultCollector): void {
  if (result === undefined || result === null) return;
  if (Array.isArray(result)) {
    out.addResults(result);
  } else if (result instanceof Promise) {
    result.catch(() => undefined); // its reason does not matter: returning a promise is an error already
    throw new TypeError(`${hook} returned a promise; it must return its results directly`);
  } else {
    out.addResult(result);
  }
}
