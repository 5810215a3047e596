/** What every part of the MongoDB store works with. */
import type { Collection, Db, Document } from 'mongodb';
import type { Logger } from '../../../common/log.js';
import type { Expiry } from '../maintenance/expiry.js';

/** Names of the collections; those that begin with `makai_` and are not in the data model's table are ours alone. */
export const COLLECTION = {
  measurements: 'measurements',
  trends: 'trends',
  /** ours: ten-minute and two-hour values */
  aggregates: 'makai_aggregates',
  /** ours: values that plugins compute, and what plugins keep over restarts */
  series: 'makai_series',
  pluginState: 'makai_plugin_state',
  events: 'events',
  boxEvents: 'box_events',
  incidents: 'incidents',
  files: 'fs.files',
  chunks: 'fs.chunks',
  boxes: 'opq_boxes',
  locations: 'locations',
  regions: 'regions',
  /** ours: users of the web service, their sessions and tokens */
  users: 'makai_users',
  tokens: 'makai_tokens',
  /** ours: alerts, and the filters and rules in force */
  alerts: 'makai_alerts',
  rules: 'makai_rules',
  lahaConfig: 'laha_config',
  makaiConfig: 'makai_config',
  metrics: 'makai_metrics',
  health: 'health',
  /** ours: the last event id given, and blocks reserved ahead */
  counters: 'makai_counters',
  /** ours: requests that still wait for replies */
  openRequests: 'makai_open_requests',
  /** ours: which event a recording was imported as, and a bucket of GridFS with the files */
  imports: 'makai_imports',
  originalFiles: 'makai_originals.files',
  originalChunks: 'makai_originals.chunks',
  /** ours: who changed what */
  audit: 'makai_audit',
} as const;

export interface Context {
  db: Db;
  log: Logger;
  /** Unix ms */
  now: () => number;
  expiry: Expiry;
  /** collections whose unique index could not be made, with duplicates from before: we look ourselves before we write */
  plain: Set<string>;
  /** the misspelt unique index of existing services is there: measurements carry its field too, so that it refuses none */
  misspeltTime: boolean;
}

export function collection(
  context: Pick<Context, 'db'>,
  name: keyof typeof COLLECTION,
): Collection<Document> {
  return context.db.collection(COLLECTION[name]);
}
