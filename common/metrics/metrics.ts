/** The metrics of one daemon: named in names.ts, read at each scrape. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import {
  type CounterName,
  type DaemonName,
  type GaugeName,
  type HistogramName,
  type MetricName,
  metricInfo,
  metricsOf,
} from './names.js';

/** One value with its labels. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/**
 * What a callback returns: a number for a metric without labels; a record from the label's value to the number for one label; samples for
 * more labels. Undefined: no value now.
 */
export type Reading = number | Readonly<Record<string, number>> | readonly Sample[] | undefined;

/** Max number of series of one metric, whatever a callback returns. */
const MAX_SERIES = 2000;
const NANO = 1e-9;
/** How often the event loop is looked at. Node counts this time into each delay. */
const LOOP_RESOLUTION_MS = 20;

export class Metrics {
  readonly #daemon: DaemonName;
  readonly #registry = new Registry<OpenMetricsContentType>();
  readonly #named = new Set<MetricName>();
  readonly #loopDelay: IntervalHistogram = monitorEventLoopDelay({
    resolution: LOOP_RESOLUTION_MS,
  });

  constructor(daemon: DaemonName, version: string) {
    this.#daemon = daemon;
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    this.gauge('makai_info', () => ({ [version]: 1 }));
    const startedAt = Date.now() / 1000 - process.uptime();
    this.gauge('process_start_time_seconds', () => startedAt);
    this.counter('process_cpu_seconds_total', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    this.gauge('process_resident_memory_bytes', () => process.memoryUsage.rss());
    this.#loopDelay.enable();
    this.gauge('makai_event_loop_delay_seconds', () => this.#readLoopDelay());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** A value that goes up and down. `read` is called at each scrape; what it throws leaves the metric out of that scrape. */
  gauge(name: GaugeName, read: () => Reading): void {
    const { options, label } = this.#describe(name);
    const gauge: Gauge = new Gauge({
      ...options,
      collect: () => refresh(gauge, label, read, ({ labels, value }) => gauge.set(labels, value)),
    });
  }

  /** A total that only rises. `read` returns the total so far. */
  counter(name: CounterName, read: () => Reading): void {
    const { options, label } = this.#describe(name);
    const counter: Counter = new Counter({
      ...options,
      collect: () =>
        refresh(counter, label, read, ({ labels, value }) => {
          if (value >= 0) counter.inc(labels, value);
        }),
    });
  }

  /** Durations, recorded as they happen. @returns the recorder: seconds, and the value of the metric's label if it has one */
  histogram(name: HistogramName): (seconds: number, label?: string) => void {
    const { options, label } = this.#describe(name);
    const histogram = new Histogram({ ...options, buckets: [...(metricInfo(name).buckets ?? [])] });
    return (seconds, value) => {
      if (!Number.isFinite(seconds)) return;
      histogram.observe(label === undefined ? {} : { [label]: value ?? '' }, Math.max(0, seconds));
    };
  }

  /** All metrics as OpenMetrics text. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Metrics that names.ts promises for this daemon, but that were not set up. Empty, once a daemon runs. */
  missing(): MetricName[] {
    return metricsOf(this.#daemon).filter((name) => !this.#named.has(name));
  }

  stop(): void {
    this.#loopDelay.disable();
    this.#registry.clear();
  }

  #describe(name: MetricName) {
    const info = metricInfo(name);
    if (!info.daemons.includes(this.#daemon))
      throw new Error(`${name} is not a metric of the ${this.#daemon}`);
    this.#named.add(name);
    const labelNames = [...(info.labels ?? [])];
    return {
      options: { name, help: info.help, labelNames, registers: [this.#registry] },
      label: labelNames[0],
    };
  }

  #readLoopDelay(): Record<string, number> {
    const seconds = (nanoseconds: number) => Math.max(0, nanoseconds * NANO - LOOP_RESOLUTION_MS / 1000);
    const read = (percentile: number) => seconds(this.#loopDelay.percentile(percentile));
    const values = { '0.5': read(50), '0.99': read(99), '1': seconds(this.#loopDelay.max) };
    this.#loopDelay.reset();
    return values;
  }
}

interface Resettable {
  reset(): void;
}

/** Replaces a metric's values by what the callback gives now. */
function refresh(
  metric: Resettable,
  label: string | undefined,
  read: () => Reading,
  put: (sample: Sample) => void,
): void {
  metric.reset();
  try {
    for (const sample of samplesOf(read(), label ?? '').slice(0, MAX_SERIES)) {
      if (Number.isFinite(sample.value)) put(sample);
    }
  } catch {
    // A scrape without this metric is better than no scrape.
  }
}

function samplesOf(reading: Reading, label: string): readonly Sample[] {
  if (reading === undefined) return [];
  if (typeof reading === 'number') return [{ labels: {}, value: reading }];
  if (isSamples(reading)) return reading;
  return Object.entries(reading).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function isSamples(reading: Exclude<Reading, undefined | number>): reading is readonly Sample[] {
  return Array.isArray(reading);
}
