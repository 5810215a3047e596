/** Which indexes the collections have: the table of docs/data-model.md. */
import type { Retention } from '../../documents.js';
import { COLLECTION } from '../connection/context.js';

export interface WantedIndex {
  collection: string;
  key: Record<string, 1 | -1>;
  unique?: boolean;
  /** TTL: seconds past the indexed date */
  expireAfterSeconds?: number;
  /** only documents that have this field */
  whereExists?: string;
  /** only documents in which this field is a text that is not empty */
  whereFilled?: string;
}

/** The slip in a script of existing services: with this index the second measurement of a box is refused. */
export const MISSPELT_FIELD = 'timetstamp_ms';

export function wantedIndexes(mode: Retention['mode']): WantedIndex[] {
  const {
    measurements,
    trends,
    aggregates,
    series,
    pluginState,
    events,
    boxEvents,
    incidents,
    files,
    chunks,
    boxes,
    health,
    users,
    tokens,
    alerts,
    rules,
  } = COLLECTION;
  const expiring = (collection: string): WantedIndex =>
    mode === 'ttl'
      ? { collection, key: { expireAt: 1 }, expireAfterSeconds: 0 }
      : { collection, key: { expire_at: 1 } };
  return [
    { collection: measurements, key: { box_id: 1, timestamp_ms: 1 }, unique: true },
    expiring(measurements),
    { collection: trends, key: { box_id: 1, timestamp_ms: 1 }, unique: true },
    expiring(trends),
    { collection: aggregates, key: { box_id: 1, window_seconds: 1, timestamp_ms: 1 }, unique: true },
    expiring(aggregates),
    { collection: series, key: { plugin: 1, series: 1, box_id: 1, timestamp_ms: 1 }, unique: true },
    expiring(series),
    { collection: pluginState, key: { plugin: 1 }, unique: true },
    { collection: events, key: { event_id: 1 }, unique: true },
    { collection: events, key: { target_event_start_timestamp_ms: 1 } },
    expiring(events),
    { collection: boxEvents, key: { event_id: 1, box_id: 1 }, unique: true },
    { collection: boxEvents, key: { event_start_timestamp_ms: 1, box_id: 1 } },
    { collection: boxEvents, key: { makai_analysed_ms: 1, _id: 1 } },
    // Not unique: the existing analysis service counts in memory, and would be refused.
    { collection: incidents, key: { incident_id: 1 } },
    { collection: incidents, key: { event_id: 1, box_id: 1 } },
    { collection: incidents, key: { start_timestamp_ms: 1, incident_id: 1 } },
    { collection: incidents, key: { box_id: 1, start_timestamp_ms: 1, incident_id: 1 } },
    expiring(incidents),
    { collection: files, key: { filename: 1, uploadDate: 1 } },
    { collection: chunks, key: { files_id: 1, n: 1 }, unique: true },
    { collection: boxes, key: { box_id: 1 }, unique: true },
    { collection: boxes, key: { name: 1 }, unique: true, whereExists: 'name' },
    { collection: health, key: { timestamp: 1 } },
    { collection: health, key: { service: 1, serviceID: 1, timestamp: 1 }, whereFilled: 'info' },
    { collection: users, key: { name: 1 }, unique: true },
    { collection: tokens, key: { token_hash: 1 }, unique: true },
    { collection: alerts, key: { alert_id: 1 }, unique: true },
    { collection: alerts, key: { started_ms: 1 } },
    { collection: alerts, key: { key: 1, started_ms: 1 } },
    { collection: rules, key: { name: 1 }, unique: true },
  ];
}
