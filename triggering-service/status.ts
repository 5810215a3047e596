/** The service's own part of `/status`. Each counter is stated once: everything dropped is in `dropped`, by the reasons of `makai_dropped_total`. */
import type { DropReason } from '../common/drop-reasons.js';
import type { BoxFindingsStatus } from '../daemon/box-findings.js';
import type { AllowListStatus } from '../keys/allow-list.js';
import type { PluginStatus } from '../plugin-host/plugin-status.js';
import type { LaneStatus } from '../store/outbox/lane.js';
import type { Core } from './core.js';
import type { PartitionedStream } from './ingest/partitioned-stream.js';
import type { PartitionsStatus } from './ingest/partitions-status.js';
import type { RefusedId } from './ingest/refused-ids.js';
import type { RequestQueue } from './requests/request-queue.js';
import type { TrendsStatus } from './trends/trends.js';

/** A box not heard for so long is not counted as active, ms. */
export const ACTIVE_MS = 20_000;
/** Boxes that are listed one by one. */
const LISTED_BOXES = 50;
/** Ids that their senders may not use, one by one. */
const LISTED_REFUSED = 50;

export interface TriggeringServiceStatus {
  identity: string;
  boxes: { active: number; known: number };
  messages: number;
  bytes: number;
  measurements: number;
  /** measurements that plugins did not see, because their box id is in use twice */
  withheld: number;
  /** boxes with findings; `makai boxes health` shows the whole records */
  box_health: BoxFindingsStatus;
  /** everything that was not accepted or not kept, by reason (common/drop-reasons.ts); reasons that did not occur are left out */
  dropped: Record<string, number>;
  /** the list of ids that may send; 'none': every id may */
  ids_with_certificate: AllowListStatus | 'none';
  refused_ids: {
    /** ids without a certificate, or under another topic, that are remembered */
    known: number;
    forgotten: number;
    /** the newest */
    newest: (Omit<RefusedId, 'first_ms' | 'last_ms'> & { first: string; last: string })[];
  };
  /** where the stream comes from NATS */
  nats?: PartitionsStatus;
  store: Omit<LaneStatus, 'dropped'>;
  trends: Omit<TrendsStatus, 'dropped'>;
  /** with waveforms, without, and those of both that wait to be sent */
  /** `merged`: requests of plugins that became a part of another one */
  requests: { data: number; log: number; merged: number; waiting: number };
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
  incidents: number;
  values: number;
  dropped_requests: number;
  /** of those: beyond `plugin_limits.events_per_hour` */
  over_hourly_limit?: number;
  dropped_batches: number;
  dropped_measurements: number;
  p50_us: number;
  p99_us: number;
  restarts: number;
  next_start_in_ms?: number;
  last_error?: string;
  file: string;
}

export function statusOf(
  core: Core,
  queue: RequestQueue,
  identity: string,
  partitions?: PartitionedStream,
): TriggeringServiceStatus {
  const { boxes, health, refusedIds, totals } = core.intake;
  const { messages, bytes, accepted } = totals;
  const { dropped: _measurements, ...writer } = core.writer.status();
  const { dropped: _windows, ...trends } = core.trends.status();
  const busiest = [...boxes.totals()].sort((a, b) => b.messages - a.messages).slice(0, LISTED_BOXES);
  return {
    identity,
    boxes: { active: boxes.heardSince(Date.now() - ACTIVE_MS), known: boxes.size },
    messages,
    bytes,
    measurements: accepted,
    withheld: health.withheldMeasurements,
    box_health: core.boxFindings.status(),
    dropped: dropsOf(core, queue),
    ...(partitions === undefined ? {} : { nats: partitions.status() }),
    ids_with_certificate: core.idsWithCertificate?.status() ?? 'none',
    refused_ids: {
      known: refusedIds.size,
      forgotten: refusedIds.forgotten,
      newest: refusedIds.list().slice(0, LISTED_REFUSED).map(refusedRow),
    },
    store: writer,
    trends,
    requests: { ...core.requests.sent, merged: core.requests.merged, waiting: queue.waiting },
    plugins: core.pluginStatus().map(pluginRow),
    busiest: busiest.map(({ boxId, messages, bytes, heardMs }) => ({
      box_id: boxId,
      messages,
      bytes,
      heard: new Date(heardMs).toISOString(),
    })),
  };
}

/** Everything that was dropped since the start, by the reasons of common/drop-reasons.ts. */
export function dropsOf(core: Core, queue: RequestQueue): Record<string, number> {
  const drops = core.intake.rejections.totals();
  const add = (reason: DropReason, count: number): void => {
    if (count > 0) drops[reason] = (drops[reason] ?? 0) + count;
  };
  add('store_too_slow', core.writer.status().dropped);
  add('too_many_trend_windows', core.trends.status().dropped);
  add('too_many_waiting_requests', queue.dropped);
  add(
    'plugin_finding',
    core.hosts.reduce((sum, host) => sum + host.droppedFindings, 0),
  );
  return drops;
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
    ...(p.lastError === undefined ? {} : { last_error: p.lastError }),
    measurements: p.measurements,
    requests: p.requests,
    incidents: p.incidents,
    values: p.values,
    dropped_requests: p.refusedRequests + p.surplusRequests + p.limitedRequests,
    ...(p.limitedRequests === 0 ? {} : { over_hourly_limit: p.limitedRequests }),
    dropped_batches: p.droppedBatches,
    dropped_measurements: p.droppedMeasurements,
    p50_us: p.batchP50Us,
    p99_us: p.batchP99Us,
    restarts: p.restarts,
    ...(p.nextStartInMs === undefined ? {} : { next_start_in_ms: p.nextStartInMs }),
    file: p.file,
  };
}
