/** The parts of the service and how they feed each other, without sockets. */
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { TriggeringServiceSettings } from '../config/index.js';
import { idsFrom } from '../daemon/asked-incident-ids.js';
import { BoxFindings } from '../daemon/box-findings.js';
import { STORE_IDS } from '../daemon/incident-ids.js';
import type { MeasurementsOut } from '../kafka/measurements-out.js';
import { PluginHost } from '../plugin-host/plugin-host.js';
import type { PluginStatus } from '../plugin-host/plugin-status.js';
import type { Rows } from '../proto/columns.js';
import { MeasurementBatches, STORE_BATCH } from '../store/outbox/measurement-batches.js';
import { Outbox } from '../store/outbox/outbox.js';
import type { BoxReader, MeasurementReader, PluginStateReader } from '../store/store.js';
import type { Sink } from '../store/writes.js';
import { createRing, MAX_BATCH } from '../stream/ring.js';
import type { IdsWithCertificate } from './ingest/ids-with-certificate.js';
import { Intake } from './ingest/intake.js';
import { RefusedIds } from './ingest/refused-ids.js';
import { PluginData } from './plugin-data.js';
import { EventRequests } from './requests/event-requests.js';
import type { Queued } from './requests/request-queue.js';
import { SiteWatch } from './site-watch.js';
import { Trends } from './trends/trends.js';

/** Measurements a ring holds: more than one second at 100,000 per second, 8 MiB. */
const RING_ROWS = 128 * MAX_BATCH;
/** Batches a ring holds: twenty seconds of the smallest. */
const RING_BATCHES = 4096;

/** A finding of a plugin ends when it is not reported for so long (plugins/sdk/plugin.ts). */
const PLUGIN_FINDING_MS = 180_000;

export interface CoreOptions {
  settings: TriggeringServiceSettings;
  store: Sink & MeasurementReader & BoxReader & PluginStateReader;
  log: Logger;
  send: (request: Queued) => void;
  /** ids that may send; undefined: all */
  idsWithCertificate?: IdsWithCertificate | undefined;
  /** what divides the boxes where the stream comes from NATS: which are ours, who sees their measurements, and who hears that everything received was handed over */
  partitions?:
    | { owns(boxId: number): boolean; seen(rows: Rows, received: Float64Array): void; flushed(): void }
    | undefined;
  /** gets each batch of measurements before the store does */
  kafka?: Pick<MeasurementsOut, 'put'> | undefined;
}

export interface Core {
  intake: Intake;
  /** undefined: every id is accepted */
  idsWithCertificate: IdsWithCertificate | undefined;
  outbox: Outbox;
  writer: MeasurementBatches;
  trends: Trends;
  plugins: PluginHost;
  /** all that run plugins: `plugins`, and where the stream comes from NATS another one for plugins that compare boxes */
  hosts: PluginHost[];
  /** of the plugins of all hosts */
  pluginStatus(): PluginStatus[];
  pluginData: PluginData;
  requests: EventRequests;
  siteWatch: SiteWatch;
  /** whether the measurements of a box come to this service */
  owns(boxId: number): boolean;
  /** findings of boxes that last; what plugins find of a box is reported here too */
  boxFindings: BoxFindings;
  /** whether its record says that the box is not in use */
  isUnplugged(boxId: number): boolean;
}

export function createCore(options: CoreOptions): Core {
  const { idsWithCertificate, kafka, log, partitions, send, settings, store } = options;
  const owns = (boxId: number): boolean => partitions?.owns(boxId) ?? true;
  const rejections = new Rejections(log);
  const outbox = new Outbox({ store, log, maxMeasurements: settings.limits.queueMeasurements });
  const writer = new MeasurementBatches(
    outbox.lanes.measurements,
    STORE_BATCH,
    kafka && ((write) => kafka.put(write)),
  );
  let unplugged: ReadonlySet<number> = new Set();
  const isUnplugged = (boxId: number): boolean => unplugged.has(boxId);
  const siteWatch: SiteWatch = new SiteWatch({
    store,
    reference: settings.reference,
    log,
    changed: (data) => {
      for (const host of hosts) host.update(data);
    },
    unpluggedRead: (ids) => {
      unplugged = ids;
    },
  });
  const boxFindings = new BoxFindings({ outbox, rejections, log });
  const trends = new Trends({
    store,
    outbox,
    windowMs: settings.trendWindowMs,
    owns,
    measurements: writer,
    log,
  });
  const requests = new EventRequests({
    identity: settings.identity,
    maxWindowMs: settings.maxWindowMs,
    memoryMs: settings.requestMemoryMs,
    mergeMs: settings.mergeMs,
    rejections,
    isWithheld: (boxId) => boxFindings.has(boxId, 'ID_IN_USE_TWICE'),
    send,
  });
  const ring = createRing(RING_ROWS, RING_BATCHES);
  const { incidentIdEndpoint } = settings;
  const ids = incidentIdEndpoint === undefined ? STORE_IDS : idsFrom(incidentIdEndpoint);
  const pluginData = new PluginData({ ...{ store, outbox, log, rejections, ids }, site: siteWatch.site });
  const plugins: PluginHost = new PluginHost({
    ring,
    log,
    requests: requests.handle,
    findings: ({ boxId, code, info }) => boxFindings.report(boxId, code, info, PLUGIN_FINDING_MS),
    limits: settings.pluginLimits,
    reloadOnChange: settings.pluginReload,
    results: (found, id) => pluginData.results(found, id),
    store: pluginData,
  });
  const hosts = [plugins];
  const refusedIds = new RefusedIds(log);
  idsWithCertificate?.onChange(() => refusedIds.forgetKnown(idsWithCertificate.ids));
  const intake = new Intake({
    settings,
    references: siteWatch.references,
    ring,
    rejections,
    refusedIds,
    knownIds: idsWithCertificate?.ids,
    trends,
    location: (boxId) => siteWatch.site.location(boxId),
    readers: plugins,
    writer,
    boxHealth: { changed: (changes) => boxFindings.apply(changes), isUnplugged },
    seen: partitions && ((rows, received) => partitions.seen(rows, received)),
    flushed: partitions && (() => partitions.flushed()),
  });
  return {
    intake,
    idsWithCertificate,
    outbox,
    writer,
    trends,
    plugins,
    hosts,
    pluginStatus: () => hosts.flatMap((host) => host.status()),
    pluginData,
    requests,
    siteWatch,
    owns,
    boxFindings,
    isUnplugged,
  };
}
