/** print: writes measurements into the daemon's log. See README.md. */
import { METRICS } from '../../proto/columns.js';
import type { Plugin, PluginContext, PluginMeasurement } from '../sdk/plugin.js';

const UNITS = { f: ' Hz', rms: ' V', thd: '', trans: '' } as const;

export default class PrintPlugin implements Plugin {
  readonly name = 'print';
  #context: PluginContext | undefined;
  #print = true;

  onLoad(settings: Record<string, unknown>, context: PluginContext): void {
    const { print = true, ...others } = settings;
    if (typeof print !== 'boolean') throw new TypeError('print: expected true or false');
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new TypeError(`${unknown}: there is no such setting; there is print`);
    this.#print = print;
    this.#context = context;
  }

  processMeasurement(measurement: PluginMeasurement): undefined {
    if (this.#print) this.#context?.log.info(lineOf(measurement));
  }
}

/** `1001 2017-11-08T20:15:30.123Z f 59.985 Hz rms 121.3 V (min 119.8, max 121.9) thd invalid` */
export function lineOf(measurement: PluginMeasurement): string {
  const parts = METRICS.flatMap((metric) => {
    if (measurement.invalid.includes(metric)) return [`${metric} invalid`];
    const { min, average, max } = measurement[metric];
    if (Number.isNaN(average)) return [];
    const range = min === max ? '' : ` (min ${min.toPrecision(6)}, max ${max.toPrecision(6)})`;
    return [`${metric} ${average.toPrecision(6)}${UNITS[metric]}${range}`];
  });
  if (measurement.flagged.length > 0) parts.push(`flagged ${measurement.flagged.join(' ')}`);
  return `${measurement.boxId} ${new Date(measurement.timestampMs).toISOString()} ${parts.join(' ')}`;
}
