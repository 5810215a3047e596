/**
 * One configured plugin and its statistics, in the thread that runs it: the worker's loop calls it with batches from the ring, `makai plugin
 * run` with batches from a recording. It keeps requests within limits and measures the time of each batch.
 */
import { createHistogram } from 'node:perf_hooks';
import type { EventRequest, PluginContext, SecondSummary } from '../plugins/sdk/plugin.js';
import type { MeasurementColumns } from '../proto/columns.js';
import { type Call, PluginControl } from './control.js';
import type { LoadedPlugin } from './loaded-plugin.js';
import type { PluginResults } from './messages.js';
import { ResultCollector } from './result-collector.js';

/** Longest batch time that the histogram can record, ns; longer ones are recorded as this. */
const LONGEST_NS = 60e9;

export interface SessionOutput {
  requests(requests: EventRequest[]): void;
  results(results: PluginResults): void;
  /** malformed requests, and requests beyond the limits */
  refusals(refused: number, surplus: number, problem: string | undefined): void;
}

export class PluginSession {
  readonly plugin: LoadedPlugin;
  readonly control: PluginControl;
  readonly #output: SessionOutput;
  readonly #collector: ResultCollector;
  /** ns */
  readonly #times = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 2 });

  constructor(
    plugin: LoadedPlugin,
    output: SessionOutput,
    control = new PluginControl(),
    collector = new ResultCollector(),
  ) {
    this.plugin = plugin;
    this.control = control;
    this.#output = output;
    this.#collector = collector;
  }

  /** @throws PluginRefused */
  async configure(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    await this.plugin.configure(settings, context);
  }

  /** @throws what the plugin throws; it must not be called again then */
  process(columns: MeasurementColumns): void {
    this.control.add('measurements', columns.count);
    this.#batch(() => this.plugin.process(columns, this.#collector));
  }

  /** One second of all boxes, instead of their measurements. @throws what the plugin throws; it must not be called again then */
  summary(summary: SecondSummary): void {
    this.#batch(() => this.plugin.summary?.(summary, this.#collector));
  }

  #batch(run: () => void): void {
    this.control.add('batches', 1);
    const beginMs = performance.now();
    this.#call('batch', run);
    const ns = Math.round(1e6 * (performance.now() - beginMs));
    this.#times.record(Math.min(Math.max(1, ns), LONGEST_NS));
    this.#handOver();
  }

  tick(nowMs: number): void {
    this.#call('tick', () => this.plugin.tick(nowMs, this.#collector));
    this.#handOver();
    this.#report();
  }

  async unload(): Promise<void> {
    this.control.enter('unload');
    await this.plugin.unload(this.#collector);
    this.control.leave();
    this.#handOver();
    this.#report();
  }

  #call(call: Call, run: () => void): void {
    this.control.enter(call);
    run();
    this.control.leave();
  }

  #handOver(): void {
    const { requests, incidents, values, refused, problem, surplus } = this.#collector.take();
    if (requests.length > 0) {
      this.control.add('requests', requests.length);
      this.#output.requests(requests);
    }
    if (incidents.length + values.length > 0) {
      this.control.add('incidents', incidents.length);
      this.control.add('values', values.length);
      this.#output.results({ incidents, values });
    }
    if (refused + surplus === 0) return;
    this.control.add('refusedRequests', refused);
    this.control.add('surplusRequests', surplus);
    this.#output.refusals(refused, surplus, problem);
  }

  #report(): void {
    if (this.#times.count === 0) return;
    this.control.set('batchP50Us', this.#times.percentile(50) / 1000);
    this.control.set('batchP99Us', this.#times.percentile(99) / 1000);
    this.control.set('batchMaxUs', this.#times.max / 1000);
  }
}
