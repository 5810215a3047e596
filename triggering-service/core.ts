/** The parts of the service and how they feed each other, without sockets: tests and the benchmark feed it by hand. */
import type { MakaiError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { TriggeringServiceSettings } from '../config/index.js';
import { PluginHost } from '../plugin-host/plugin-host.js';
import { MeasurementBatches } from '../store/outbox/measurement-batches.js';
import { Outbox } from '../store/outbox/outbox.js';
import type { BoxReader, MeasurementReader } from '../store/store.js';
import type { Sink } from '../store/writes.js';
import { STORE_BATCH } from '../stream/batch.js';
import { createRing, MAX_BATCH, type RingShare } from '../stream/ring.js';
import type { CurveClientOptions } from '../stream/stream-socket.js';
import type { IdsWithCertificate } from './ingest/ids-with-certificate.js';
import { Intake } from './ingest/intake.js';
import { RefusedIds } from './ingest/refused-ids.js';
import { EventRequests } from './requests/event-requests.js';
import type { Queued } from './requests/request-queue.js';
import { SiteWatch } from './site-watch.js';
import { type StreamView, viewOf } from './stream-view.js';
import { Trends } from './trends/trends.js';
import { IntakeWorkers } from './workers/intake-workers.js';
import { ownedByShare } from './workers/ownership.js';

/** Measurements a ring holds: more than one second at 100,000 per second, 8 MiB. */
const RING_ROWS = 128 * MAX_BATCH;
/** Batches a ring holds: twenty seconds of the smallest. */
const RING_BATCHES = 4096;

export interface CoreOptions {
  settings: TriggeringServiceSettings;
  curve?: CurveClientOptions | undefined;
  store: Sink & MeasurementReader & BoxReader;
  log: Logger;
  send: (request: Queued) => void;
  /** ids that may send; undefined: all */
  idsWithCertificate?: IdsWithCertificate | undefined;
  /** a worker exited, and with it its share of the stream is lost */
  workerDied?: (error: MakaiError) => void;
  /** of workers, for tests, ms */
  listenMs?: number | undefined;
  probeEveryMs?: number | undefined;
}

export interface Core {
  /** what receives the stream: an intake in the main thread, or workers */
  intake: Intake | IntakeWorkers;
  stream: StreamView;
  /** undefined: every id is accepted */
  idsWithCertificate: IdsWithCertificate | undefined;
  outbox: Outbox;
  writer: MeasurementBatches;
  trends: Trends;
  plugins: PluginHost;
  requests: EventRequests;
  siteWatch: SiteWatch;
  /** messages of the stream and requests of plugins that were dropped, by reason */
  rejected(): Record<string, number>;
}

export function createCore(options: CoreOptions): Core {
  const { idsWithCertificate, log, send, settings, store } = options;
  const { limits, share } = settings;
  const rejections = new Rejections(log);
  const outbox = new Outbox({ store, log, maxMeasurements: limits.queueMeasurements });
  const writer = new MeasurementBatches(outbox, {
    batchSize: STORE_BATCH.measurements,
    delayMs: STORE_BATCH.delayMs,
  });
  const siteWatch: SiteWatch = new SiteWatch(store, log, (data) => plugins.update(data));
  const trends = new Trends({
    store,
    outbox,
    windowMs: settings.trendWindowMs,
    owns: (boxId) => ownedByShare(boxId, share.of, share.index - 1, share.block),
    measurements: writer,
    log,
  });
  const requests = new EventRequests({
    identity: settings.identity,
    maxWindowMs: settings.maxWindowMs,
    memoryMs: settings.requestMemoryMs,
    rejections,
    send,
  });
  const rings: [RingShare, ...RingShare[]] = [createRing(RING_ROWS, RING_BATCHES)];
  while (rings.length < settings.workers) rings.push(createRing(RING_ROWS, RING_BATCHES));
  const plugins: PluginHost = new PluginHost({
    rings,
    log,
    requests: (found, id) => requests.handle(found, id),
    limits: settings.pluginLimits,
  });
  const location = (boxId: number): string => siteWatch.site.location(boxId);
  const coreOf = (intake: Core['intake'], stream: StreamView, rejected: Core['rejected']): Core => ({
    intake,
    stream,
    idsWithCertificate,
    outbox,
    writer,
    trends,
    plugins,
    requests,
    siteWatch,
    rejected,
  });
  if (settings.workers === 1 && share.of === 1) {
    const refusedIds = new RefusedIds(log);
    idsWithCertificate?.onChange(() => refusedIds.forgetKnown((boxId) => idsWithCertificate.has(boxId)));
    const intake = new Intake({
      settings,
      ring: rings[0],
      rejections,
      refusedIds,
      idsWithCertificate,
      trends,
      location,
      onBatch: (batch) => {
        plugins.wake();
        writer.add(batch);
      },
    });
    return coreOf(intake, viewOf(intake), () => rejections.totals());
  }
  const workers = new IntakeWorkers({
    settings,
    curve: options.curve,
    idsWithCertificate,
    rings,
    log,
    writer,
    trends,
    location,
    published: () => plugins.wake(),
    died: (error) => options.workerDied?.(error),
    listenMs: options.listenMs,
    probeEveryMs: options.probeEveryMs,
  });
  return coreOf(workers, workers, () => ({ ...rejections.totals(), ...workers.dropped() }));
}
