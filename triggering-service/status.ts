/** What the service says of itself. */
import type { AllowListStatus } from '../keys/allow-list.js';
import type { PluginStatus } from '../plugin-host/plugin-supervisor.js';
import type { Core } from './core.js';
import type { RefusedId } from './ingest/refused-ids.js';
import type { WriterStatus } from './measurement-writer.js';
import type { RequestQueue } from './requests/request-queue.js';
import type { WorkerRow } from './stream-view.js';
import type { TrendsStatus } from './trends/trends.js';

/** A box not heard for so long is not counted as active, ms. */
export const ACTIVE_MS = 20_000;
/** Boxes that are listed one by one. */
const LISTED_BOXES = 50;

export interface TriggeringServiceStatus {
  identity: string;
  boxes: { active: number; known: number };
  messages: number;
  bytes: number;
  measurements: number;
  /** messages and requests that were not taken, by reason */
  dropped: Record<string, number>;
  /** certificates that say which ids may send; 'none': every id may */
  certified_ids: AllowListStatus | 'none';
  refused_ids: {
    /** ids used without a certificate or under another topic, that are not forgotten */
    known: number;
    forgotten: number;
    /** the newest */
    newest: (Omit<RefusedId, 'first_ms' | 'last_ms'> & { first: string; last: string })[];
  };
  /** of each worker, where there are some */
  workers?: WorkerRow[];
  store: WriterStatus;
  trends: TrendsStatus;
  requests: { data: number; log: number; sent: number; waiting: number; dropped: number };
  plugins: PluginRow[];
  /** boxes with the most messages */
  busiest: { box_id: number; messages: number; bytes: number; heard: string }[];
}

/** A plugin as `makai status` shows it. Times are of a batch, in microseconds. */
interface PluginRow {
  plugin: string;
  name: string;
  version: string;
  language: string;
  state: string;
  measurements: number;
  requests: number;
  dropped_requests: number;
  dropped_batches: number;
  dropped_measurements: number;
  p50_us: number;
  p99_us: number;
  restarts: number;
  next_start_in_ms?: number;
  last_error?: string;
  file: string;
}

export function statusOf(core: Core, queue: RequestQueue, identity: string): TriggeringServiceStatus {
  const { messages, bytes, taken } = core.stream.totals;
  const { sent, waiting, dropped } = queue;
  const workers = core.stream.workers();
  const refused = core.stream.refused();
  const busiest = [...core.stream.boxes()].sort((a, b) => b.messages - a.messages).slice(0, LISTED_BOXES);
  return {
    identity,
    boxes: { active: core.stream.heardSince(Date.now() - ACTIVE_MS), known: core.stream.known },
    messages,
    bytes,
    measurements: taken,
    dropped: core.dropped(),
    ...(workers.length === 0 ? {} : { workers }),
    certified_ids: core.certified?.status() ?? 'none',
    refused_ids: {
      known: refused.known,
      forgotten: refused.forgotten,
      newest: refused.newest.map(refusedRow),
    },
    store: core.writer.status(),
    trends: core.trends.status(),
    requests: { ...core.requests.sent, sent, waiting, dropped },
    plugins: core.plugins.status().map(pluginRow),
    busiest: busiest.map(({ boxId, messages, bytes, heardMs }) => ({
      box_id: boxId,
      messages,
      bytes,
      heard: new Date(heardMs).toISOString(),
    })),
  };
}

function refusedRow({ first_ms, last_ms, ...id }: RefusedId) {
  return { ...id, first: new Date(first_ms).toISOString(), last: new Date(last_ms).toISOString() };
}

function pluginRow(p: PluginStatus): PluginRow {
  return {
    plugin: p.id,
    name: p.name,
    version: p.version,
    language: p.language,
    state: p.state,
    measurements: p.measurements,
    requests: p.requests,
    dropped_requests: p.refusedRequests + p.surplusRequests,
    dropped_batches: p.droppedBatches,
    dropped_measurements: p.droppedMeasurements,
    p50_us: p.batchP50Us,
    p99_us: p.batchP99Us,
    restarts: p.restarts,
    ...(p.nextStartInMs === undefined ? {} : { next_start_in_ms: p.nextStartInMs }),
    ...(p.lastError === undefined ? {} : { last_error: p.lastError }),
    file: p.file,
  };
}
