/** The parts of the service and how they feed each other, without sockets: tests and the benchmark feed it by hand. */
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { TriggeringServiceConfig } from '../config/index.js';
import { spoolOf } from '../store/spool/index.js';
import type { Store } from '../store/store.js';
import { BoxTable } from './ingest/box-table.js';
import type { CertifiedIds } from './ingest/certified-ids.js';
import { type Batch, Ingest } from './ingest/ingest.js';
import { Judge } from './ingest/judge.js';
import { RefusedIds } from './ingest/refused-ids.js';
import { MeasurementWriter } from './measurement-writer.js';
import { PluginHost } from './plugin-host/plugin-host.js';
import { createRing, MAX_BATCH } from './plugin-host/ring.js';
import { EventRequests } from './requests/event-requests.js';
import type { Queued } from './requests/request-queue.js';
import { SiteWatch } from './site-watch.js';
import { Trends } from './trends/trends.js';

/** Measurements the ring holds: more than a second at 100,000 a second, 8 MiB. */
const RING_ROWS = 128 * MAX_BATCH;
/**
 * Batches of measurements that the store has at one time: what waits there together shares one sync of the disk, and the store does not
 * wait for this thread to hear that it is done. A spool gives each batch only so long, which several at once would share.
 */
const BATCHES_AT_ONCE = 4;
/** Batches the ring holds: twenty seconds of the smallest. */
const RING_BATCHES = 4096;

export interface CoreOptions {
  config: TriggeringServiceConfig;
  store: Store;
  log: Logger;
  send: (request: Queued) => void;
  /** ids that may send; all without it */
  certified?: CertifiedIds | undefined;
}

export interface Core {
  boxes: BoxTable;
  rejections: Rejections;
  refusedIds: RefusedIds;
  /** undefined: every id passes */
  certified: CertifiedIds | undefined;
  ingest: Ingest;
  writer: MeasurementWriter;
  trends: Trends;
  plugins: PluginHost;
  requests: EventRequests;
  siteWatch: SiteWatch;
}

export function createCore({ certified, config, store, log, send }: CoreOptions): Core {
  const rejections = new Rejections(log);
  const refusedIds = new RefusedIds(log);
  certified?.onChange(() => refusedIds.forgetCertified((boxId) => certified.has(boxId)));
  const { limits, plugin_limits: pluginLimits, batch } = config;
  const boxes = new BoxTable(limits.boxes, {
    perSecond: limits.measurements_per_second,
    burst: limits.measurements_burst,
  });
  const writer = new MeasurementWriter({
    store,
    batchSize: batch.max_measurements,
    delayMs: batch.max_delay_ms,
    atOnce: spoolOf(store) === undefined ? BATCHES_AT_ONCE : 1,
    queueLimit: limits.queue_measurements,
    log,
  });
  const siteWatch: SiteWatch = new SiteWatch(store, log, (data) => plugins.update(data));
  const trends = new Trends({
    store,
    windowMs: 1000 * config.mongo_trends_update_interval_seconds,
    location: (boxId) => siteWatch.site.location(boxId),
    measurements: writer,
    log,
  });
  const requests = new EventRequests({
    identity: config.identity,
    maxWindowMs: config.max_window_ms,
    memoryMs: config.event_request_expiration_window_ms,
    rejections,
    send,
  });
  const ring = createRing(RING_ROWS, RING_BATCHES);
  const onBatch = (batch: Batch): void => {
    plugins.wake();
    writer.add(batch);
    trends.add(batch);
  };
  const judge = new Judge({ boxes, rejections, refusedIds, certified, maxBytes: limits.message_bytes });
  const ingest = new Ingest(ring, judge, onBatch);
  const plugins: PluginHost = new PluginHost({
    ring,
    writer: ingest.writer,
    log,
    requests: (found, id) => requests.handle(found, id),
    limits: {
      batchMs: pluginLimits.batch_ms,
      memoryMb: pluginLimits.memory_mb,
      queueBatches: pluginLimits.queue_batches,
    },
  });
  return {
    boxes,
    rejections,
    refusedIds,
    certified,
    ingest,
    writer,
    trends,
    plugins,
    requests,
    siteWatch,
  };
}
