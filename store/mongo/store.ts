/** The MongoDB store: every method of the contract, delegated to the file of its collection. */
import type { Logger } from '../../common/log.js';
import type { LahaConfigDocument, MakaiConfigDocument, Stored } from '../documents.js';
import type { Primary } from '../primary.js';
import type { StoreOptions } from '../store.js';
import { STORED, type Write } from '../writes.js';
import { alertRegistry } from './alerts/alerts.js';
import { putAudit, readAudit } from './audit.js';
import { Boxes } from './boxes/boxes.js';
import { makaiConfigDocument, parseLahaConfig, parseMakaiConfig } from './boxes/configs.js';
import { Cached, LastKnown } from './boxes/last-known.js';
import type { Connection } from './connection/connect.js';
import { type Context, collection } from './connection/context.js';
import { mapped } from './connection/errors.js';
import { checkWrite } from './connection/write-check.js';
import { insertHealth, insertMetrics, readBoxHealth } from './diagnostics.js';
import { putBoxEvent, readBoxEvents } from './events/box-events.js';
import { EventIdCounter } from './events/event-ids.js';
import { addTriggeredBoxes, insertEvent, keepEvent, readEvent, readEvents } from './events/events.js';
import { readFile } from './events/gridfs.js';
import { highestId, idsAfter } from './events/new-ids.js';
import { putOpenRequest, readOpenRequests, removeOpenRequest } from './events/open-requests.js';
import { importedEventId, putOriginal, readOriginal } from './events/originals.js';
import { textOf } from './fields/bson.js';
import { countWaitingWaveforms, readAnalysis, waitingWaveforms } from './incidents/analyses.js';
import { annotateIncident, putAnalysis, putIncident, putIncidentGroup } from './incidents/incidents.js';
import { readIncident, readIncidents, readIncidentsOfEvent } from './incidents/read-incidents.js';
import { Expiry } from './maintenance/expiry.js';
import { ensureIndexes, lookAtIndexes, reportIndexes } from './maintenance/indexes.js';
import { type MendPosition, mendLocations, newMendPosition } from './maintenance/locations.js';
import { prolongForEvent } from './maintenance/prolong.js';
import { boxIdsWithData, restore } from './maintenance/restore.js';
import { deleteOldestWaveforms, usedBytes } from './maintenance/size.js';
import { deleteEvents, type SweepPosition, sweep } from './maintenance/sweep.js';
import { measurementCounts, putAggregates, readAggregates } from './measurements/aggregates.js';
import { insertMeasurements, readMeasurements } from './measurements/measurements.js';
import { newestByBox } from './measurements/newest.js';
import {
  putPluginState,
  putSeries,
  readPluginState,
  readSeries,
  seriesNames,
} from './measurements/series.js';
import { readTrendBands } from './measurements/trend-bands.js';
import { computeTrends, putTrends, readTrends } from './measurements/trends.js';
import { putLocation, readLocations as readLocationDocuments, userRegistry } from './people/people.js';

export interface MongoStoreOptions extends StoreOptions {
  log: Logger;
  /** seconds after which `laha_config` is read again (`ttl_cache_ttl`) */
  cacheSeconds?: number;
  /** where the mending of locations goes on; kept by who opens a database again in the same process */
  mend?: MendPosition;
  /** use what is there and make nothing (indexes): for commands that look at a store */
  mustExist?: boolean;
}

export interface MongoStore extends Primary {
  /**
   * Makes the indexes that are missing; again after an outage, when the server may have come back with an empty data folder.
   * @returns their names
   * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED
   */
  prepare(): Promise<string[]>;
  /** undefined for a server that does not say */
  serverTimeMs(): Promise<number | undefined>;
}

/** Locations that go into trends may be this old. */
const LOCATIONS_AGE_MS = 2_000;
/** Several at one time keep a server busy while a reply is on its way. */
const BATCHES_AT_ONCE = 4;

export function createMongoStore({ close, db }: Connection, options: MongoStoreOptions): MongoStore {
  const { log } = options;
  const now = options.now ?? Date.now;
  const lookOnly = options.mustExist === true;
  const laha = new Cached(() => lahaConfig.refresh(), (options.cacheSeconds ?? 60) * 1000, now);
  const expiry = new Expiry(options.retention, () => laha.get());
  const context: Context = { db, log, now, expiry, plain: new Set(), misspeltTime: false };
  const only = (name: 'makaiConfig' | 'lahaConfig') =>
    mapped(`read ${name}`, () => collection(context, name).findOne());
  const makaiConfig = new LastKnown<MakaiConfigDocument>(
    'makai_config',
    () => only('makaiConfig'),
    parseMakaiConfig,
    log,
  );
  const lahaConfig: LastKnown<LahaConfigDocument> = new LastKnown(
    'laha_config',
    () => only('lahaConfig'),
    parseLahaConfig,
    log,
  );
  const boxes = new Boxes(context);
  const ids = new EventIdCounter(context);
  const locations = new Cached(() => readLocations(context), LOCATIONS_AGE_MS, now);
  const position: SweepPosition = { mend: options.mend ?? newMendPosition() };

  const write = async (one: Write): Promise<Stored> => {
    const at = one.acceptedAtMs ?? now();
    switch (one.kind) {
      case 'measurements':
        return insertMeasurements(context, one.columns, at);
      case 'trends':
        return putTrends(context, one.trends, at);
      case 'trend_windows': {
        const found = await computeTrends(context, one.windows, await locations.get());
        return putTrends(
          context,
          found.filter((trend) => trend !== undefined),
          at,
        );
      }
      case 'aggregates':
        return putAggregates(context, one.aggregates, at);
      case 'series':
        return putSeries(context, one.values, at);
      case 'plugin_state':
        await putPluginState(context, one.state, at);
        return STORED;
      case 'event': {
        const stored = await insertEvent(context, one.event, at);
        const event = expiry.mode === 'laha' ? await readEvent(context, one.event.event_id) : undefined;
        if (event !== undefined) await prolongForEvent(context, event);
        return stored;
      }
      case 'triggered_boxes':
        await addTriggeredBoxes(context, one.eventId, one.boxIds);
        return STORED;
      case 'box_event':
        return putBoxEvent(context, one.boxEvent, one.samples, one.acceptedAtMs);
      case 'open_request':
        await putOpenRequest(context, one.request);
        return STORED;
      case 'closed_request':
        await removeOpenRequest(context, one.key);
        return STORED;
      case 'metrics':
        await insertMetrics(context, one.document, at);
        return STORED;
      case 'health':
        await insertHealth(context, one.finding);
        return STORED;
      case 'incident':
        return putIncident(context, one, at);
      case 'analysis':
        return putAnalysis(context, one, at);
      case 'incident_group':
        await putIncidentGroup(context, one.group);
        return STORED;
    }
  };

  return {
    batchesAtOnce: BATCHES_AT_ONCE,
    apply: async (one) => {
      const stored = await write(one);
      position.mend.reachedMs = now();
      return stored;
    },
    // What cannot be reached fails when it is asked; a spool in front of it knows more.
    state: () => ({ available: true }),

    prepare: async () => {
      const { differing, made, plain, misspeltTime } = await (lookOnly ? lookAtIndexes : ensureIndexes)(
        db,
        expiry.mode,
      );
      Object.assign(context, { plain, misspeltTime });
      if (!lookOnly) reportIndexes(log, plain, differing, misspeltTime);
      if (made.length > 0) log.info({ indexes: made }, 'indexes made');
      const mended = lookOnly ? 0 : await mendLocations(context, position.mend);
      if (mended > 0)
        log.info(
          { documents: mended },
          'locations filled in that were not known when the box events and incidents were stored',
        );
      // Trends follow in the next sweeps.
      return made;
    },
    ping: () => checkWrite(context),

    measurements: (boxId, range) => readMeasurements(context, boxId, range),
    trends: (boxId, range) => readTrends(context, boxId, range),
    trendBands: (boxId, stepMs, range) => readTrendBands(context, boxId, stepMs, range),
    computeTrends: async (windows) => computeTrends(context, windows, await locations.get()),
    seriesNames: () => seriesNames(context),
    series: (name, range) => readSeries(context, name, range),
    pluginState: (plugin) => readPluginState(context, plugin),
    aggregates: (boxId, windowSeconds, range) => readAggregates(context, boxId, windowSeconds, range),
    measurementCounts: (boxId, stepMs, range) => measurementCounts(context, boxId, stepMs, range),
    newestByBox: (wanted) => newestByBox(context, wanted),
    boxIdsWithData: () => boxIdsWithData(context),

    nextEventIds: (amount) => ids.draw(amount),
    nextEventIdsAfter: (amount, after, owner) => ids.draw(amount, after, owner),
    lastEventId: () => ids.last(),
    reserveEventIds: (owner, reserve) => ids.reserve(owner, reserve),
    releaseEventIds: (owner, keep, usedTo) => ids.release(owner, keep, usedTo),

    event: (eventId) => readEvent(context, eventId),
    events: (range) => readEvents(context, range),
    boxEvents: (eventId, boxIds) => readBoxEvents(context, eventId, boxIds),
    waveform: (fileName) => readFile(context, fileName),
    openRequests: () => readOpenRequests(context),
    boxHealth: (query) => readBoxHealth(context, query),

    incident: (incidentId) => readIncident(context, incidentId),
    incidents: (query) => readIncidents(context, query),
    incidentsOfEvent: (eventId) => readIncidentsOfEvent(context, eventId),
    idsAfter: (kind, afterId, limit) => idsAfter(context, kind, afterId, limit),
    highestId: (kind) => highestId(context, kind),
    analysis: (eventId, boxId) => readAnalysis(context, eventId, boxId),
    annotateIncident: (incidentId, remark) => annotateIncident(context, incidentId, remark),
    waitingWaveforms: (limit, skip) => waitingWaveforms(context, limit, skip),
    countWaitingWaveforms: (limit) => countWaitingWaveforms(context, limit),

    putOriginal: (original) => putOriginal(context, original),
    original: (eventId) => readOriginal(context, eventId),
    importedEventId: (sha256, recording) => importedEventId(context, sha256, recording),

    boxes: () => boxes.all(),
    box: (boxId) => boxes.one(boxId),
    putBox: async (box) => {
      await boxes.put(box);
      locations.forget();
    },
    addBox: async (box) => {
      const added = await boxes.add(box);
      locations.forget();
      return added;
    },
    removeBox: (boxId) => {
      locations.forget();
      return boxes.remove(boxId);
    },
    makaiConfig: () => makaiConfig.refresh(),
    lahaConfig: () => lahaConfig.refresh(),
    putMakaiConfig: async (document) => {
      const update = { $set: makaiConfigDocument(document) };
      await mapped('store makai_config', () =>
        collection(context, 'makaiConfig').updateOne({}, update, { upsert: true }),
      );
    },

    putAudit: (entry) => putAudit(context, entry),
    audit: (range) => readAudit(context, range),
    locations: () => readLocationDocuments(context),
    putLocation: (location) => putLocation(context, location),
    ...userRegistry(context),
    ...alertRegistry(context),

    restore: (documents) => restore(context, documents),
    keepEvent: (eventId, keep) => keepEvent(context, eventId, keep, now()),
    deleteEvents: async (eventIds) => {
      await ids.noteHighest(); // none of these ids may come again
      return deleteEvents(context, eventIds);
    },
    usedBytes: () => usedBytes(context),
    deleteOldestWaveforms: (bytes, nowMs) => deleteOldestWaveforms(context, bytes, nowMs),
    sweep: async (nowMs, signal) => {
      // Before the events with the highest ids go: none of these ids may come again.
      await ids.noteHighest();
      return sweep(context, nowMs, position, signal);
    },
    serverTimeMs: async () => {
      const { localTime } = await mapped('ask for the time', () => db.command({ hello: 1 }));
      return localTime instanceof Date ? localTime.getTime() : undefined;
    },
    close,
  };
}

async function readLocations(context: Context): Promise<Map<string, string>> {
  const documents = await mapped('read locations', () =>
    collection(context, 'boxes')
      .find({}, { projection: { box_id: 1, location: 1 } })
      .toArray(),
  );
  return new Map(
    documents.flatMap(({ box_id, location }) => {
      const slug = textOf(location);
      return slug === undefined || slug === '' ? [] : [[String(box_id), slug] as const];
    }),
  );
}
