/** The contract of a store as calls of an engine: long ones in slices, ranges in pages. */
import type { Stored, SweepResult } from '../documents.js';
import type { Store } from '../store.js';
import { encodeWrite } from '../write-codec.js';
import type { TrendWindowsWrite, Write } from '../writes.js';
import type { Engine } from './engine.js';
import { COPIED_BYTES, type Execution, type Packed } from './execution.js';
import { readPages } from './pages.js';

/** Batches of measurements that wait together share one sync of the disk, and the thread never waits for its next one. */
const BATCHES_AT_ONCE = 4;
const TRENDS_A_CALL = 100;
/** Others get their turn between months of minutes. */
const TREND_MS_A_CALL = 30 * 86_400_000;
/** Samples of an incident lie beside it, not among the box events. */
const INCIDENT_FILE = /^incident_(\d+)$/;
/** Events whose box events are deleted in one transaction. */
const ORPHANS_A_CALL = 10;
const EVENTS_A_CALL = 10;

/** @param now clock for expiry */
export function storeOf({ call, close }: Execution<Engine>, now: () => number): Store {
  const write = (one: Write): Promise<Stored> => call('write', one, now());
  /** In slices, so that measurements are written in between. */
  const computed = async (one: TrendWindowsWrite): Promise<Stored> => {
    const total = { inserted: 0, duplicates: 0 };
    for (let i = 0; i < one.windows.length; i += TRENDS_A_CALL) {
      const windows = one.windows.slice(i, i + TRENDS_A_CALL);
      total.inserted += (await write({ ...one, windows })).inserted;
    }
    return total;
  };
  /** where the search for orphans goes on at the next sweep */
  let orphansAfter: number | undefined;
  return {
    batchesAtOnce: BATCHES_AT_ONCE,
    state: () => ({ available: true }),
    apply: (one) => (one.kind === 'trend_windows' ? computed(one) : write(one)),

    measurements: (boxId, range = {}) =>
      readPages(range, (page, size) => call('measurementPage', boxId, page, size), byTime),
    async computeTrends(windows) {
      const trends = [];
      for (let i = 0; i < windows.length; i += TRENDS_A_CALL) {
        trends.push(...(await call('computeTrends', windows.slice(i, i + TRENDS_A_CALL), now())));
      }
      return trends;
    },
    trends: (boxId, range = {}) =>
      readPages(range, (page, size) => call('trendPage', boxId, page, size), byTime),

    async trendBands(boxId, stepMs, { fromMs, toMs }) {
      const bands = [];
      const slice = Math.max(1, Math.floor(TREND_MS_A_CALL / stepMs)) * stepMs;
      let from = fromMs;
      while (from < toMs) {
        const to = Math.min(toMs, Math.floor(from / stepMs) * stepMs + slice);
        bands.push(...(await call('trendBands', boxId, stepMs, { fromMs: from, toMs: to })));
        from = to;
      }
      return bands;
    },

    seriesNames: () => call('seriesNames'),
    series: (name, range = {}) =>
      readPages(range, (page, size) => call('seriesPage', name, page, size), byTime),
    pluginState: (plugin) => call('pluginState', plugin),
    aggregates: (boxId, windowSeconds, range = {}) =>
      readPages(range, (page, size) => call('aggregatePage', boxId, windowSeconds, page, size), byTime),
    measurementCounts: (boxId, stepMs, range) => call('measurementCounts', boxId, stepMs, range),

    newestByBox: async (wanted = () => true) =>
      (await call('newestByBox')).filter(({ boxId }) => wanted(boxId)),

    nextEventIds: (count) => call('nextEventIds', count),
    event: (eventId) => call('event', eventId),
    events: (range = {}) => {
      let after: { startMs: number; eventId: number } | undefined;
      return readPages(
        range,
        (page, size) => call('eventPage', page, after, size),
        (page, last) => {
          after = { startMs: last.target_event_start_timestamp_ms, eventId: last.event_id };
          return page;
        },
      );
    },
    boxEvents: (eventId, boxIds) => call('boxEvents', eventId, boxIds),
    async waveform(fileName) {
      const incidentId = INCIDENT_FILE.exec(fileName)?.[1];
      const bytes = await (incidentId === undefined
        ? call('waveform', fileName)
        : call('incidentSamples', Number(incidentId)));
      return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },

    incident: (incidentId) => call('incident', incidentId),
    incidents: (query = {}) => {
      let after: { startMs: number; incidentId: number } | undefined;
      return readPages(
        query,
        (page, size) => call('incidentPage', page, after, size),
        (page, last) => {
          after = { startMs: last.start_timestamp_ms, incidentId: last.incident_id };
          return page;
        },
      );
    },
    incidentsOfEvent: (eventId) => call('incidentsOfEvent', eventId),
    idsAfter: (kind, afterId, limit) => call('idsAfter', kind, afterId, limit),
    highestId: (kind) => call('highestId', kind),
    analysis: (eventId, boxId) => call('analysis', eventId, boxId),
    annotateIncident: (incidentId, remark) => call('annotateIncident', incidentId, remark),
    waitingWaveforms: (limit, skip) => call('waitingWaveforms', limit, skip),
    countWaitingWaveforms: (limit) => call('countWaitingWaveforms', limit),

    boxes: () => call('boxes'),
    box: (boxId) => call('box', boxId),
    putBox: (box) => call('putBox', box),
    addBox: (box) => call('addBox', box),
    removeBox: (boxId) => call('removeBox', boxId),
    makaiConfig: () => call('makaiConfig'),
    putMakaiConfig: (document) => call('putMakaiConfig', document),
    lahaConfig: () => call('lahaConfig'),
    openRequests: () => call('openRequests'),
    boxHealth: (query) => call('boxHealth', query),

    locations: () => call('locations'),
    putLocation: (location) => call('putLocation', location),
    users: () => call('users'),
    user: (name) => call('user', name),
    addUser: (user) => call('addUser', user),
    changeUser: (user) => call('changeUser', user),
    removeUser: (name) => call('removeUser', name),
    tokens: (user) => call('tokens', user),
    token: (hash) => call('token', hash),
    addToken: (token) => call('addToken', token),
    removeToken: (hash) => call('removeToken', hash),
    removeTokens: (choice) => call('removeTokens', choice),
    removeExpiredTokens: (nowMs) => call('removeExpiredTokens', nowMs),

    putAlert: (alert) => call('putAlert', alert),
    markAlert: (alertId, marks) => call('markAlert', alertId, marks),
    alert: (alertId) => call('alert', alertId),
    alerts: (query) => call('alerts', query),
    removeAlerts: (resolvedBeforeMs) => call('removeAlerts', resolvedBeforeMs),
    rules: () => call('rules'),
    putRules: (document) => call('putRules', document),

    putOriginal: (original) => call('putOriginal', original, now()),
    original: (eventId) => call('original', eventId),
    importedEventId: (sha256, recording) => call('importedEventId', sha256, recording),

    putAudit: (entry) => call('putAudit', entry),
    audit: ({ fromMs = 0, limit, toMs = Number.MAX_SAFE_INTEGER }) =>
      call('auditEntries', fromMs, toMs, limit),

    boxIdsWithData: () => call('boxIdsWithData'),
    restore: (documents) => call('restore', documents),
    keepEvent: (eventId, keep) => call('keepEvent', eventId, keep, now()),
    async deleteEvents(eventIds) {
      let deleted = 0;
      for (let i = 0; i < eventIds.length; i += EVENTS_A_CALL)
        deleted += await call('deleteEvents', eventIds.slice(i, i + EVENTS_A_CALL));
      return deleted;
    },
    usedBytes: () => call('usedBytes'),
    deleteOldestWaveforms: (bytes, nowMs) => call('deleteOldestWaveforms', bytes, nowMs),
    async sweep(nowMs, signal) {
      const total: SweepResult = {
        measurements: 0,
        trends: 0,
        aggregates: 0,
        events: 0,
        incidents: 0,
        orphans: 0,
      };
      for (let more = true; more && signal?.aborted !== true; ) {
        const slice = await call('sweepSlice', nowMs);
        for (const key of ['measurements', 'trends', 'aggregates', 'events', 'incidents'] as const)
          total[key] += slice[key];
        more = slice.more;
      }
      // One part of all event ids: looked for outside the write lock, deleted a part at a time.
      const { orphans, next } = await call('orphanedEvents', orphansAfter);
      orphansAfter = next;
      for (let i = 0; i < orphans.length && signal?.aborted !== true; i += ORPHANS_A_CALL)
        total.orphans += await call('deleteOrphans', orphans.slice(i, i + ORPHANS_A_CALL));
      await call('deleteUnfinishedImports', nowMs);
      return total;
    },
    close,
  };
}

/** The arguments of a call of `storeOf` as they cross to a thread: a write as bytes (the engine's `write` takes both), all others as they are. */
export function packWrite(name: string, args: unknown[]): Packed {
  if (name !== 'write') return { args };
  const [write, nowMs] = args;
  const bytes = encodeWrite(write as Write);
  return { args: [bytes, nowMs], transfer: bytes.length < COPIED_BYTES ? [] : [bytes.buffer] };
}

/** The range that is left after a page whose last document is `last`. */
function byTime<T extends { fromMs?: number; toMs?: number; descending?: boolean }>(
  range: T,
  last: { timestamp_ms: number },
): T {
  return range.descending === true
    ? { ...range, toMs: last.timestamp_ms }
    : { ...range, fromMs: last.timestamp_ms + 1 };
}
