/** Incidents, the queue of waveforms that wait to be analysed, and what an incident prolongs. */
import type { Statement } from 'better-sqlite3';
import {
  FOREVER_SECONDS,
  type IncidentDocument,
  type IncidentGroup,
  type IncidentQuery,
  type IncidentWithSamples,
  type Stored,
  type WaitingWaveform,
  type WaveformAnalysis,
} from '../documents.js';
import {
  ANALYSIS_SOURCE,
  incidentChanges,
  incidentDocument,
  incidentKey,
  livingSpan,
  NO_EVENT,
  repeatedInstead,
  repeatsWithin,
  withRepeatOf,
} from '../incidents.js';
import type { AnalysisWrite, IncidentWrite } from '../writes.js';
import { calibrationRows } from './calibrations.js';
import type { Context } from './context.js';
import { conditionsOf } from './incident-conditions.js';
import { bytesOf, fromMs, type Row, toMs } from './values.js';

/** A position in the order of incidents: by start, then id. */
export interface IncidentCursor {
  startMs: number;
  incidentId: number;
}

/** What lives as long as an incident. */
export interface Prolong {
  event(eventId: number, until: number): void;
  measurements(boxId: string, startMs: number, endMs: number, until: number): void;
  trends(boxId: string, startMs: number, endMs: number, until: number): void;
  aggregates(boxId: string, startMs: number, endMs: number, until: number): void;
}

export function incidentOperations({ db, write, expireAt }: Context, prolong: Prolong) {
  const nextId = db
    .prepare<[], number>(
      `INSERT INTO sequences VALUES ('incident_id', (SELECT coalesce(max(incident_id), 0) + 1 FROM incidents))
       ON CONFLICT DO UPDATE SET last = max(last, (SELECT coalesce(max(incident_id), 0) FROM incidents)) + 1 RETURNING last`,
    )
    .pluck(true);
  const insert = db.prepare(
    `INSERT OR IGNORE INTO incidents (key, incident_id, event_id, box_id, start_timestamp_ms, expire_at, document, samples)
     VALUES (:key, :incident_id, :event_id, :box_id, :start, :expire_at, :document, :samples)`,
  );
  const update = db.prepare(
    `UPDATE incidents SET key = :key, event_id = :event_id, box_id = :box_id, start_timestamp_ms = :start,
       expire_at = :expire_at, document = :document, samples = coalesce(:samples, samples) WHERE row_id = :row_id`,
  );
  const remove = db.prepare<[number]>('DELETE FROM incidents WHERE row_id = ?');
  const COLUMNS = 'row_id, document, expire_at';
  const byKey = db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM incidents WHERE key = ?`);
  // Left to itself SQLite walks all incidents of the box, for their order.
  const ofBoxEvent = db.prepare<[number, string], Row>(
    `SELECT ${COLUMNS} FROM incidents INDEXED BY incidents_event WHERE event_id = ? AND box_id = ?
     ORDER BY start_timestamp_ms, incident_id`,
  );
  const ofEvent = db.prepare<[number], Row>(
    `SELECT ${COLUMNS} FROM incidents WHERE event_id = ? ORDER BY start_timestamp_ms, incident_id`,
  );
  const byId = db.prepare<[number], Row>(
    `SELECT ${COLUMNS} FROM incidents WHERE incident_id = ? ORDER BY start_timestamp_ms DESC LIMIT 1`,
  );
  const ofBoxById = db.prepare<[number, string], Row>(
    `SELECT ${COLUMNS} FROM incidents INDEXED BY incidents_id WHERE incident_id = ? AND box_id = ?`,
  );
  const repeats = db.prepare<[string, number, number, number], Row>(
    `SELECT ${COLUMNS} FROM incidents WHERE box_id = ? AND start_timestamp_ms BETWEEN ? AND ?
       AND json_extract(document, '$.metadata.same_as') = ?`,
  );
  const samplesOf = db
    .prepare<[number], Buffer | null>(
      'SELECT samples FROM incidents WHERE incident_id = ? ORDER BY start_timestamp_ms DESC LIMIT 1',
    )
    .pluck(true);
  /** One statement for each combination of conditions. */
  const pages = new Map<string, Statement<(number | string)[], Row>>();
  const pageOf = (query: IncidentQuery, conditions: readonly string[]) => {
    const { boxId, descending, endsFromMs, eventId } = query;
    const order = descending === true ? 'DESC' : 'ASC';
    // With a box as well SQLite would walk all incidents of the box, as above.
    const ofOneEvent = eventId !== undefined && eventId !== NO_EVENT;
    const from = ofOneEvent ? 'incidents INDEXED BY incidents_event' : 'incidents';
    // The plus keeps SQLite from the index by start, where it would read the end of each incident of the box out of its document; it takes that by end.
    const start =
      boxId === undefined || endsFromMs === undefined ? 'start_timestamp_ms' : '+start_timestamp_ms';
    const sql = `SELECT ${COLUMNS} FROM ${from} WHERE ${start} >= ? AND ${start} < ?
         AND (${start}, incident_id) ${descending === true ? '<' : '>'} (?, ?)${conditions.map((one) => ` AND ${one}`).join('')}
       ORDER BY ${start} ${order}, incident_id ${order} LIMIT +?`;
    const known = pages.get(sql) ?? db.prepare<(number | string)[], Row>(sql);
    pages.set(sql, known);
    return known;
  };
  const waiting = db.prepare<[number, number], WaitingWaveform>(
    'SELECT event_id AS eventId, box_id AS boxId FROM waiting_waveforms ORDER BY arrival LIMIT +? OFFSET +?',
  );
  const countWaiting = db
    .prepare<[number], number>('SELECT count(*) FROM (SELECT 1 FROM waiting_waveforms LIMIT +?)')
    .pluck(true);
  const leave = db.prepare<[number, string]>(
    'DELETE FROM waiting_waveforms WHERE event_id = ? AND box_id = ?',
  );
  const note = db.prepare<[number, string, number, string]>(
    `INSERT INTO analyses VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET analysed_ms = excluded.analysed_ms, remarks = excluded.remarks`,
  );
  const analysisOf = db.prepare<[number, string], { analysed_ms: number; remarks: string }>(
    'SELECT analysed_ms, remarks FROM analyses WHERE event_id = ? AND box_id = ?',
  );

  const calibrations = calibrationRows(db);
  const hasWaveform = db.prepare<[number, string], Row>(
    'SELECT 1 FROM box_events WHERE event_id = ? AND box_id = ?',
  );
  const keptEvent = db.prepare<[number], Row>('SELECT 1 FROM events WHERE event_id = ? AND kept = 1');
  const isOfKeptEvent = ({ incident }: IncidentWithSamples): boolean =>
    keptEvent.get(incident.event_id) !== undefined;

  const documentOf = (row: Row): IncidentDocument => ({
    ...(JSON.parse(String(row.document)) as IncidentDocument),
    expire_at: Number(row.expire_at),
  });
  const storedOf = (row: Row) => ({ id: Number(row.row_id), document: documentOf(row) });
  const rowOf = (document: IncidentDocument, samples: Int16Array) => ({
    key: incidentKey(document),
    event_id: document.event_id,
    box_id: document.box_id,
    start: document.start_timestamp_ms,
    expire_at: document.expire_at,
    document: JSON.stringify(document),
    samples: samples.length === 0 ? null : bytesOf(samples),
  });
  const prolongFor = ({ incident }: IncidentWithSamples, until: number): void => {
    const { startMs, endMs, withMeasurements } = livingSpan(incident);
    if (incident.event_id >= 0) prolong.event(incident.event_id, until);
    if (withMeasurements) prolong.measurements(incident.box_id, startMs, endMs, until);
    prolong.aggregates(incident.box_id, startMs, endMs, until);
    prolong.trends(incident.box_id, startMs, endMs, until);
  };
  const rewrite = ({ document, id }: { id: number; document: IncidentDocument }): void => {
    update.run({ row_id: id, ...rowOf(document, new Int16Array()) });
  };
  const supersede = ({ incident, supersedes }: IncidentWithSamples, same_as: number): void => {
    for (const superseded of supersedes ?? [])
      for (const { document, id } of ofBoxById.all(superseded, incident.box_id).map(storedOf))
        if (document.source === ANALYSIS_SOURCE)
          rewrite({ id, document: { ...document, metadata: { ...document.metadata, same_as } } });
  };
  /** What repeats a removed incident repeats what that one repeated, else it counts again. */
  const leaveRepeats = (removed: IncidentDocument): void => {
    const { fromMs, toMs } = repeatsWithin(removed);
    for (const row of repeats.all(removed.box_id, fromMs, toMs, removed.incident_id)) {
      const { document, id } = storedOf(row);
      const { same_as: _, ...metadata } = document.metadata;
      rewrite({
        id,
        document: { ...document, metadata: { ...metadata, ...repeatedInstead(document, removed) } },
      });
    }
  };
  /** @returns undefined when one with its key is there */
  const add = (
    finding: IncidentWithSamples,
    until: number,
  ): { incidentId: number; expireAt: number } | undefined => {
    const incidentId = finding.incident.incident_id ?? nextId.get() ?? 1;
    const document = incidentDocument(finding, incidentId, isOfKeptEvent(finding) ? FOREVER_SECONDS : until);
    const { changes } = insert.run({ incident_id: incidentId, ...rowOf(document, finding.samples) });
    // An id that is not stored counts for nothing.
    if (changes > 0) supersede(finding, incidentId);
    prolongFor(finding, until);
    return changes > 0 ? { incidentId, expireAt: document.expire_at } : undefined;
  };
  const keep = (
    stored: { id: number; document: IncidentDocument },
    finding: IncidentWithSamples,
    until: number,
  ) => {
    const isKept = isOfKeptEvent(finding);
    const lasting = isKept ? FOREVER_SECONDS : until;
    const document = incidentDocument(finding, stored.document.incident_id, lasting, stored.document);
    update.run({ row_id: stored.id, ...rowOf(document, finding.samples) });
    supersede(finding, document.incident_id);
    // A kept event keeps its incidents; values around them live as around others.
    prolongFor(finding, isKept ? until : document.expire_at);
  };

  return {
    putIncident(finding: IncidentWrite, nowMs: number): Stored {
      return write(() => {
        const until = expireAt('incidents', nowMs);
        const row = byKey.get(incidentKey(finding.incident));
        const stored = row === undefined ? undefined : storedOf(row);
        if (stored === undefined) add(finding, until);
        else keep(stored, withRepeatOf(finding, stored.document), until);
        return row === undefined ? { inserted: 1, duplicates: 0 } : { inserted: 0, duplicates: 1 };
      });
    },

    putAnalysis({ eventId, boxId, findings, judgedWith, remarks }: AnalysisWrite, nowMs: number): Stored {
      return write(() => {
        const until = expireAt('incidents', nowMs);
        const stored = ofBoxEvent.all(eventId, boxId).map(storedOf);
        const { added, kept, removed } = incidentChanges(stored, findings);
        for (const one of removed) {
          leaveRepeats(one.document);
          remove.run(one.id);
        }
        for (const one of kept) keep(one.stored, one.finding, until);
        const numbered = added.map((finding) => add(finding, until)).filter((one) => one !== undefined);
        note.run(eventId, boxId, nowMs, JSON.stringify(remarks));
        if (judgedWith !== undefined && hasWaveform.get(eventId, boxId) !== undefined)
          calibrations.put(eventId, boxId, judgedWith);
        leave.run(eventId, boxId);
        const inserted = numbered.length;
        const isNew = stored.length === 0 && inserted === findings.length;
        return { inserted, duplicates: findings.length - inserted, ...(isNew ? { numbered } : {}) };
      });
    },

    putIncidentGroup(group: IncidentGroup): void {
      write(() => {
        for (const incidentId of group.incident_ids) {
          const row = byId.get(incidentId);
          if (row === undefined) continue;
          const { document, id } = storedOf(row);
          rewrite({ id, document: { ...document, group } });
        }
      });
    },

    annotateIncident(incidentId: number, remark: string): boolean {
      return write(() => {
        const row = byId.get(incidentId);
        if (row === undefined) return false;
        const { document, id } = storedOf(row);
        const annotations = [...new Set([...document.annotations, remark])];
        rewrite({ id, document: { ...document, annotations } });
        return true;
      });
    },

    incident(incidentId: number): IncidentDocument | undefined {
      const row = byId.get(incidentId);
      return row === undefined ? undefined : documentOf(row);
    },

    incidentsOfEvent: (eventId: number): IncidentDocument[] => ofEvent.all(eventId).map(documentOf),

    incidentPage(
      query: IncidentQuery,
      after: IncidentCursor | undefined,
      pageSize: number,
    ): IncidentDocument[] {
      const descending = query.descending === true;
      const edge = descending ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
      const { startMs, incidentId } = after ?? { startMs: edge, incidentId: edge };
      const range = [fromMs(query), toMs(query), startMs, incidentId];
      const narrowed = conditionsOf(query);
      const page = pageOf(
        query,
        narrowed.map(({ sql }) => sql),
      );
      return page.all(...range, ...narrowed.map(({ value }) => value), pageSize).map(documentOf);
    },

    incidentSamples: (incidentId: number): Uint8Array | undefined => samplesOf.get(incidentId) ?? undefined,

    analysis(eventId: number, boxId: string): WaveformAnalysis | undefined {
      const row = analysisOf.get(eventId, boxId);
      if (row === undefined) return undefined;
      return { analysedMs: row.analysed_ms, remarks: JSON.parse(row.remarks) as string[] };
    },

    waitingWaveforms: (limit: number, skip = 0): WaitingWaveform[] => waiting.all(limit, skip),
    countWaitingWaveforms: (limit: number): number => countWaiting.get(limit) ?? 0,

    /** An incident of another store; one with the same key is left as it is. */
    restoreIncident(document: IncidentDocument, bytes: Uint8Array | undefined): number {
      return insert.run({
        incident_id: document.incident_id,
        ...rowOf(document, new Int16Array()),
        samples: bytes ?? null,
      }).changes;
    },
  };
}
