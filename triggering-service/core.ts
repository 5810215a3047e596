/** The parts of the service and how they feed each other, without sockets: tests and the benchmark feed it by hand. */

import type { MakaiError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { TriggeringServiceConfig } from '../config/index.js';
import { PluginHost } from '../plugin-host/plugin-host.js';
import { spoolOf } from '../store/spool/index.js';
import type { Store } from '../store/store.js';
import { createRing, MAX_BATCH } from '../stream/ring.js';
import type { CurveClientOptions } from '../stream/stream-socket.js';
import type { CertifiedIds } from './ingest/certified-ids.js';
import { RefusedIds } from './ingest/refused-ids.js';
import { Intake } from './intake.js';
import { MeasurementWriter } from './measurement-writer.js';
import { EventRequests } from './requests/event-requests.js';
import type { Queued } from './requests/request-queue.js';
import { SiteWatch } from './site-watch.js';
import { type StreamView, viewOf } from './stream-view.js';
import { Trends } from './trends/trends.js';
import { IntakeWorkers } from './workers/intake-workers.js';
import { ownedByShare } from './workers/ownership.js';

/** Measurements a ring holds: more than a second at 100,000 a second, 8 MiB. */
const RING_ROWS = 128 * MAX_BATCH;
/**
 * Batches of measurements that the store has at one time: what waits there together shares one sync of the disk, and the store does not
 * wait for this thread to hear that it is done. A spool gives each batch only so long, which several at once would share.
 */
const BATCHES_AT_ONCE = 4;
/** Batches a ring holds: twenty seconds of the smallest. */
const RING_BATCHES = 4096;

export interface CoreOptions {
  config: TriggeringServiceConfig;
  curve?: CurveClientOptions | undefined;
  store: Store;
  log: Logger;
  send: (request: Queued) => void;
  /** ids that may send; all without it */
  certified?: CertifiedIds | undefined;
  /** a worker ended, and with it its share of the stream */
  workerDied?: (error: MakaiError) => void;
  /** of workers, for tests, ms */
  listenMs?: number | undefined;
  scoutEveryMs?: number | undefined;
}

export interface Core {
  /** what takes in the stream: one in the main thread, or workers */
  intake: Intake | IntakeWorkers;
  stream: StreamView;
  /** undefined: every id passes */
  certified: CertifiedIds | undefined;
  writer: MeasurementWriter;
  trends: Trends;
  plugins: PluginHost;
  requests: EventRequests;
  siteWatch: SiteWatch;
  /** messages and requests that were not taken, by reason */
  dropped(): Record<string, number>;
}

export function createCore(options: CoreOptions): Core {
  const { certified, config, store, log, send } = options;
  const rejections = new Rejections(log);
  const { limits, plugin_limits: pluginLimits, batch, share } = config;
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
    owns: (boxId) => ownedByShare(boxId, share.of, share.index - 1, share.block),
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
  const rings = [ring];
  while (rings.length < config.workers) rings.push(createRing(RING_ROWS, RING_BATCHES));
  const plugins: PluginHost = new PluginHost({
    rings,
    log,
    requests: (found, id) => requests.handle(found, id),
    limits: {
      batchMs: pluginLimits.batch_ms,
      memoryMb: pluginLimits.memory_mb,
      queueBatches: pluginLimits.queue_batches,
    },
  });
  const location = (boxId: number): string => siteWatch.site.location(boxId);
  const parts = { certified, writer, trends, plugins, requests, siteWatch };
  if (config.workers === 1 && share.of === 1) {
    const refusedIds = new RefusedIds(log);
    certified?.onChange(() => refusedIds.forgetCertified((boxId) => certified.has(boxId)));
    const intake = new Intake({
      config,
      ring,
      rejections,
      refusedIds,
      certified,
      trends,
      location,
      onBatch: (rows) => {
        plugins.wake();
        writer.add(rows);
      },
    });
    return { ...parts, intake, stream: viewOf(intake), dropped: () => rejections.totals() };
  }
  const workers = new IntakeWorkers({
    config,
    curve: options.curve,
    certified,
    rings,
    log,
    writer,
    trends,
    location,
    published: () => plugins.wake(),
    died: (error) => options.workerDied?.(error),
    listenMs: options.listenMs,
    scoutEveryMs: options.scoutEveryMs,
  });
  const dropped = (): Record<string, number> => ({ ...rejections.totals(), ...workers.dropped() });
  return { ...parts, intake: workers, stream: workers, dropped };
}
