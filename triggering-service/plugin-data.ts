/** What plugins keep and read, and what they find: between the plugin host and the store. */
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Rejections } from '../common/rejections.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { IncidentIds } from '../daemon/incident-ids.js';
import { MAX_HISTORY_MEASUREMENTS, MAX_HISTORY_TRENDS } from '../plugin-host/limits.js';
import type { PluginResults } from '../plugin-host/messages.js';
import type { PluginStore } from '../plugin-host/plugin-store.js';
import type { Site } from '../plugin-host/site.js';
import type { PluginIncident, PluginMeasurement, PluginTrend } from '../plugins/sdk/plugin.js';
import { METRIC_FIELD, METRICS, type Metric } from '../proto/columns.js';
import { UNKNOWN_LOCATION } from '../store/boxes.js';
import { NO_EVENT, UNKNOWN_INCIDENT_LOCATION } from '../store/incidents.js';
import type { Outbox } from '../store/outbox/outbox.js';
import type {
  IncidentWithSamples,
  MeasurementDocument,
  MeasurementReader,
  NewIncident,
  PluginStateReader,
  TrendDocument,
} from '../store/store.js';
import type { Write } from '../store/writes.js';
import { NumberedIncidents } from './numbered-incidents.js';

const NONE = { min: Number.NaN, average: Number.NaN, max: Number.NaN };

export interface PluginStoreParts {
  store: MeasurementReader & PluginStateReader;
  outbox: Outbox;
  site: Site;
  log: Logger;
  rejections: Rejections;
  /** who gives ids to incidents */
  ids: IncidentIds;
}

export class PluginData implements PluginStore, Running {
  readonly #parts: PluginStoreParts;
  readonly #incidents: NumberedIncidents;
  readonly #throttled: ThrottledLog;

  constructor(parts: PluginStoreParts) {
    this.#parts = parts;
    this.#throttled = new ThrottledLog(parts.log);
    const { ids, log, rejections } = parts;
    const put = (finding: IncidentWithSamples) => this.#put({ kind: 'incident', ...finding });
    this.#incidents = new NumberedIncidents({ ids, log, rejections, put });
  }

  stop(): Promise<void> {
    return this.#incidents.stop();
  }

  state(plugin: string) {
    return this.#parts.store.pluginState(plugin);
  }

  keep(state: Parameters<PluginStore['keep']>[0]): void {
    this.#put({ kind: 'plugin_state', state });
  }

  async history(boxId: number, fromMs: number, toMs: number) {
    const { store } = this.#parts;
    const range = { fromMs, toMs, descending: true };
    const measurements: PluginMeasurement[] = [];
    for await (const one of store.measurements(String(boxId), { ...range, limit: MAX_HISTORY_MEASUREMENTS }))
      measurements.push(measurementOf(one));
    const trends: PluginTrend[] = [];
    for await (const one of store.trends(String(boxId), { ...range, limit: MAX_HISTORY_TRENDS }))
      trends.push(trendOf(one));
    return { measurements: measurements.reverse(), trends: trends.reverse() };
  }

  /** Stores what a plugin found. @param pluginId its id in the configuration */
  results({ incidents, values }: PluginResults, pluginId: string): void {
    for (const incident of incidents) {
      const samples = new Int16Array();
      this.#incidents.add({ incident: this.#incident(incident, pluginId), samples });
    }
    if (values.length === 0) return;
    const plugin = pluginId;
    this.#put({
      kind: 'series',
      values: values.map(({ series, boxId, timestampMs, value }) => ({
        plugin,
        series,
        box_id: String(boxId),
        timestamp_ms: timestampMs,
        value,
      })),
    });
  }

  #incident(found: PluginIncident, plugin: string): NewIncident {
    const location = this.#parts.site.location(found.boxId);
    return {
      event_id: NO_EVENT,
      box_id: String(found.boxId),
      start_timestamp_ms: found.startMs,
      end_timestamp_ms: found.endMs,
      location: location === UNKNOWN_LOCATION ? UNKNOWN_INCIDENT_LOCATION : location,
      measurement_type: found.quantity,
      deviation_from_nominal: found.deviation,
      measurements: [],
      classifications: ['UNDEFINED'],
      ieee_duration: 'UNDEFINED',
      metadata: { class: found.class, plugin, description: found.description ?? '' },
      source: `plugin ${plugin}`,
    };
  }

  #put(write: Write): void {
    this.#parts.outbox
      .put(write)
      .catch((error: unknown) =>
        this.#throttled.error(
          { kind: write.kind, problem: messageOf(error) },
          'result of a plugin was not stored',
        ),
      );
  }
}

function perMetric<T>(of: (metric: Metric) => T): Record<Metric, T> {
  return { f: of('f'), rms: of('rms'), thd: of('thd'), trans: of('trans') };
}

function measurementOf(document: MeasurementDocument): PluginMeasurement {
  const metric = (name: Metric) => {
    const average = document[METRIC_FIELD[name]];
    if (average === undefined) return NONE;
    return { average, ...(document.extremes?.[METRIC_FIELD[name]] ?? { min: average, max: average }) };
  };
  return {
    boxId: Number(document.box_id),
    timestampMs: document.timestamp_ms,
    ...perMetric(metric),
    flagged: document.flagged === undefined ? [] : [...document.flagged],
    invalid: METRICS.filter((name) => document.invalid?.includes(METRIC_FIELD[name])),
  };
}

function trendOf(document: TrendDocument): PluginTrend {
  const metric = (name: Metric) => document[METRIC_FIELD[name]] ?? NONE;
  return {
    boxId: Number(document.box_id),
    timestampMs: document.timestamp_ms,
    ...perMetric(metric),
  };
}
