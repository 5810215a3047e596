/** Boxes of one location whose voltages differ by more than a limit, for some seconds. */
import {
  type Plugin,
  type PluginContext,
  type PluginMeasurement,
  type Result,
  Settings,
} from '../../../plugins/sdk/index.js';

const HISTORY_MS = 60_000;

export default class Unbalance implements Plugin {
  readonly name = 'unbalance';
  readonly version = '1.0.0';
  #limitPercent = 0;
  #seconds = 0;
  #context: PluginContext | undefined;
  /** newest voltage of each box, V RMS */
  readonly #volts = new Map<number, number>();
  /** location → since when it is unbalanced, Unix ms; kept over restarts */
  #since = new Map<string, number>();
  /** locations whose unbalance is reported */
  readonly #reported = new Set<string>();

  async onLoad(values: Record<string, unknown>, context: PluginContext): Promise<void> {
    const settings = new Settings(values);
    this.#limitPercent = settings.number('limit_percent', 2, { min: 0, max: 100 });
    this.#seconds = settings.number('seconds', 3, { min: 1, max: 3600 });
    settings.close();
    this.#context = context;
    const kept = context.state.get();
    if (Array.isArray(kept)) {
      this.#since = new Map(kept);
      context.log.info(`goes on with ${JSON.stringify(kept)}`);
    }
    for (const { boxId } of context.boxes.all()) {
      const { measurements } = await context.history(boxId, context.now() - HISTORY_MS, context.now());
      const newest = measurements.at(-1);
      if (newest !== undefined) this.#volts.set(boxId, newest.rms.average);
    }
  }

  processMeasurement({ boxId, rms }: PluginMeasurement): undefined {
    if (!Number.isNaN(rms.average)) this.#volts.set(boxId, rms.average);
  }

  onTick(nowMs: number): Result[] {
    const results: Result[] = [];
    for (const [location, boxes] of this.#locations()) {
      const mean = boxes.reduce((sum, [, volts]) => sum + volts, 0) / boxes.length;
      let worst = { boxId: 0, percent: 0 };
      for (const [boxId, volts] of boxes) {
        const percent = (100 * (volts - mean)) / mean;
        results.push({ kind: 'value', series: 'unbalance', boxId, timestampMs: nowMs, value: percent });
        if (Math.abs(percent) > Math.abs(worst.percent)) worst = { boxId, percent };
      }
      const since = this.#since.get(location);
      if (Math.abs(worst.percent) <= this.#limitPercent) {
        this.#since.delete(location);
        this.#reported.delete(location);
      } else if (since === undefined) this.#since.set(location, nowMs);
      else if (nowMs - since >= 1000 * this.#seconds && !this.#reported.has(location)) {
        this.#reported.add(location);
        results.push({
          ...{ kind: 'incident', boxId: worst.boxId, startMs: since, endMs: nowMs, class: 'unbalance' },
          ...{ quantity: 'VOLTAGE', deviation: (worst.percent * mean) / 100 },
          description: `${location}: ${boxes.length} boxes`,
        });
      }
    }
    this.#context?.state.set([...this.#since]);
    return results;
  }

  /** Locations with two boxes or more that have a voltage. */
  #locations(): [location: string, boxes: [boxId: number, volts: number][]][] {
    const found = new Map<string, [number, number][]>();
    for (const [boxId, volts] of this.#volts) {
      const location = this.#context?.location(boxId) ?? 'unknown';
      const boxes = found.get(location) ?? [];
      found.set(location, boxes);
      boxes.push([boxId, volts]);
    }
    return [...found].filter(([location, boxes]) => location !== 'unknown' && boxes.length > 1);
  }
}
