/** Metrics of what a daemon writes: the store, the outbox in front of it, the spool on disk. */
import { LATENCIES, type MetricInfo, WRITERS } from './metric-info.js';

export const STORE_METRICS = {
  makai_store_up: { type: 'gauge', help: '1 while the store accepts writes, else 0.', daemons: WRITERS },
  makai_store_write_seconds: {
    type: 'histogram',
    help: 'Duration of a write to the store, by what was written.',
    unit: 'seconds',
    labels: ['kind'],
    buckets: LATENCIES,
    daemons: WRITERS,
  },
  makai_store_errors_total: {
    type: 'counter',
    help: 'Writes that the store did not accept; each attempt counts.',
    daemons: WRITERS,
  },
  makai_outbox_waiting: {
    type: 'gauge',
    help: 'Writes that wait in memory for the store, by lane: measurements, trends, events, waveforms, open requests, diagnostics.',
    labels: ['lane'],
    daemons: WRITERS,
  },
  makai_disk_free_bytes: {
    type: 'gauge',
    help: 'Free space on the disk of the store (SQLite) or of the spool (MongoDB).',
    unit: 'bytes',
    daemons: WRITERS,
  },
  makai_disk_size_bytes: {
    type: 'gauge',
    help: 'Size of the disk of the store (SQLite) or of the spool (MongoDB).',
    unit: 'bytes',
    daemons: WRITERS,
  },
  makai_store_used_bytes: {
    type: 'gauge',
    help: 'What the store holds, as it counts for `store_max_bytes`; no value without that setting.',
    unit: 'bytes',
    daemons: ['acquisition-broker'],
  },
  makai_store_max_bytes: {
    type: 'gauge',
    help: 'The setting `store_max_bytes`; no value without it.',
    unit: 'bytes',
    daemons: ['acquisition-broker'],
  },
  makai_store_waveforms_deleted_total: {
    type: 'counter',
    help: 'Waveforms deleted because the store reached `store_max_bytes`.',
    daemons: ['acquisition-broker'],
  },
  makai_spool_bytes: {
    type: 'gauge',
    help: 'Size of the spool on disk (MongoDB).',
    unit: 'bytes',
    daemons: WRITERS,
  },
  makai_spool_rows: {
    type: 'gauge',
    help: 'Writes that wait in the spool (MongoDB), by kind.',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_spool_dropped_total: {
    type: 'counter',
    help: 'Writes dropped because the spool (MongoDB) was full or they were too old, by kind; trend_windows: minutes whose trends are not computed again.',
    labels: ['kind'],
    daemons: WRITERS,
  },
  makai_spool_quarantined_rows: {
    type: 'gauge',
    help: 'Writes that the daemon accepted and the database (MongoDB) refused: kept in the spool, not tried again.',
    daemons: WRITERS,
  },
} as const satisfies Record<string, MetricInfo>;
