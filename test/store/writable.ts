/** A store with one method per kind of write, so that tests read well; each is one write through `apply`. */
import type { MeasurementColumns } from '../../proto/columns.js';
import type {
  BoxEventDocument,
  HealthDocument,
  IncidentWithSamples,
  MetricsDocument,
  NewAggregate,
  NewEvent,
  NewTrend,
  OpenRequest,
  PluginState,
  SeriesValue,
  Stored,
} from '../../store/documents.js';
import { openSqliteStore, type SqliteOptions } from '../../store/sqlite/index.js';
import type { Store } from '../../store/store.js';
import type { Sink, Write } from '../../store/writes.js';

/** What a write may say besides its data. */
export interface Accepted {
  acceptedAtMs?: number;
}

export interface Writes {
  insertMeasurements(columns: MeasurementColumns, accepted?: Accepted): Promise<Stored>;
  putTrends(trends: readonly NewTrend[], accepted?: Accepted): Promise<void>;
  putAggregates(aggregates: readonly NewAggregate[], accepted?: Accepted): Promise<void>;
  putSeries(values: readonly SeriesValue[], accepted?: Accepted): Promise<void>;
  putPluginState(state: PluginState): Promise<void>;
  insertEvent(event: NewEvent, accepted?: Accepted): Promise<void>;
  addTriggeredBoxes(eventId: number, boxIds: readonly string[]): Promise<void>;
  putBoxEvent(
    boxEvent: BoxEventDocument,
    samples: Int16Array,
    receivedAtMs: number,
  ): Promise<'stored' | 'duplicate'>;
  putAnalysis(
    eventId: number,
    boxId: string,
    findings: readonly IncidentWithSamples[],
    remarks?: readonly string[],
  ): Promise<Stored>;
  putIncident(finding: IncidentWithSamples, accepted?: Accepted): Promise<Stored>;
  insertMetrics(document: MetricsDocument, accepted?: Accepted): Promise<void>;
  insertHealth(finding: HealthDocument, accepted?: Accepted): Promise<void>;
  putOpenRequest(request: OpenRequest): Promise<void>;
  removeOpenRequest(key: string): Promise<void>;
}

export type Writable<S extends Sink> = S & Writes;

export function writable<S extends Sink>(store: S): Writable<S> {
  const put = (write: Write): Promise<Stored> => store.apply(write);
  const writes: Writes = {
    insertMeasurements: (columns, accepted) => put({ kind: 'measurements', columns, ...accepted }),
    putTrends: async (trends, accepted) => void (await put({ kind: 'trends', trends, ...accepted })),
    putAggregates: async (aggregates, accepted) =>
      void (await put({ kind: 'aggregates', aggregates, ...accepted })),
    putSeries: async (values, accepted) => void (await put({ kind: 'series', values, ...accepted })),
    putPluginState: async (state) => void (await put({ kind: 'plugin_state', state })),
    insertEvent: async (event, accepted) => void (await put({ kind: 'event', event, ...accepted })),
    addTriggeredBoxes: async (eventId, boxIds) =>
      void (await put({ kind: 'triggered_boxes', eventId, boxIds })),
    putBoxEvent: async (boxEvent, samples, acceptedAtMs) => {
      const { inserted } = await put({ kind: 'box_event', boxEvent, samples, acceptedAtMs });
      return inserted > 0 ? 'stored' : 'duplicate';
    },
    putAnalysis: (eventId, boxId, findings, remarks = []) =>
      put({ kind: 'analysis', eventId, boxId, findings, remarks }),
    putIncident: (finding, accepted) => put({ kind: 'incident', ...finding, ...accepted }),
    insertMetrics: async (document, accepted) => void (await put({ kind: 'metrics', document, ...accepted })),
    insertHealth: async (finding, accepted) => void (await put({ kind: 'health', finding, ...accepted })),
    putOpenRequest: async (request) => void (await put({ kind: 'open_request', request })),
    removeOpenRequest: async (key) => void (await put({ kind: 'closed_request', key })),
  };
  return { ...store, ...writes };
}

/** The same store with `before` run ahead of each write; what it throws is what becomes of the write. */
export function intercepted<S extends Sink>(store: S, before: (write: Write) => Promise<void> | void): S {
  const one = async (write: Write): Promise<Stored> => {
    await before(write);
    return store.apply(write);
  };
  return { ...store, apply: one };
}

export async function openWritable(file: string, options: SqliteOptions): Promise<Writable<Store>> {
  return writable(await openSqliteStore(file, options));
}
