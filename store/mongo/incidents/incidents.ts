/**
 * Incidents. The `_id` comes from what an incident is (incidents.ts) when it is first written, so one is there once, however often that is; `incident_id` has no unique
 * index, since the existing analysis service counts in memory and would be refused. Order: file, incident, then the mark in the box event.
 */
import type { Document, ObjectId } from 'mongodb';
import {
  FOREVER_SECONDS,
  type IncidentDocument,
  type IncidentGroup,
  type IncidentWithSamples,
  type NewIncident,
  type Stored,
} from '../../documents.js';
import {
  ANALYSIS_SOURCE,
  incidentChanges,
  incidentDocument,
  incidentFile,
  incidentKey,
  repeatedInstead,
  repeatsWithin,
  type StoredIncident,
  withRepeatOf,
} from '../../incidents.js';
import type { AnalysisWrite, IncidentWrite } from '../../writes.js';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { littleEndian } from '../events/box-events.js';
import { isKept } from '../events/events.js';
import { deleteFiles, deleteOthers, fileIdAt, fileIds, writeFile } from '../events/gridfs.js';
import { double, int32, int64, numberOf } from '../fields/bson.js';
import { contentId } from '../fields/ids.js';
import type { ExpiryFields } from '../maintenance/expiry.js';
import { prolongForIncident } from '../maintenance/prolong-incident.js';
import { markAnalysed } from './analyses.js';
import { groupFields, incidentFields, incidentOf } from './incident-document.js';
import { nextIncidentIds } from './incident-ids.js';

/** Starts of one incident that can move away from one place; far more than analyses of one waveform differ. */
const MOST_PLACES = 16;
/** Another process changes what an incident repeats once or twice. */
const MOST_TRIES = 8;

export async function putIncident(context: Context, write: IncidentWrite, atMs: number): Promise<Stored> {
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const found = await findByKey(context, write.incident);
    if (found === undefined) {
      const inserted = await add(context, [write], atMs);
      return { inserted, duplicates: 1 - inserted };
    }
    const isKept = await keep(context, found, withRepeatOf(write, found.document), atMs, true);
    if (isKept) return { inserted: 0, duplicates: 1 };
    // Another process changed what it repeats meanwhile, or removed it.
  }
  throw new Error(`incident ${incidentKey(write.incident)} changes all the time`);
}

export async function putAnalysis(context: Context, write: AnalysisWrite, atMs: number): Promise<Stored> {
  const { boxId, eventId, findings, judgedWith, remarks } = write;
  const stored = await mapped(`read the incidents of event ${eventId}`, () =>
    collection(context, 'incidents')
      .find({ event_id: int32(eventId), box_id: boxId })
      .toArray(),
  );
  const known = stored.map((one) => ({ id: one._id, document: incidentOf(one) }));
  const { added, kept, removed } = incidentChanges(known, findings);
  for (const one of removed) {
    // Before it goes: after a crash in between it is found, and done, again.
    await leaveRepeats(context, one.document);
    await remove(context, one);
  }
  for (const one of kept) await keep(context, one.stored, one.finding, atMs);
  const inserted = await add(context, added, atMs);
  await markAnalysed(context, eventId, boxId, atMs, remarks, judgedWith);
  return { inserted, duplicates: findings.length - inserted };
}

/** @returns how many another process had not written meanwhile */
async function add(
  context: Context,
  findings: readonly IncidentWithSamples[],
  atMs: number,
): Promise<number> {
  const without = findings.filter(({ incident }) => incident.incident_id === undefined);
  const ids = await nextIncidentIds(context, without.length);
  let inserted = 0;
  for (const finding of findings) {
    const incidentId = finding.incident.incident_id ?? ids.shift();
    if (incidentId === undefined) throw new Error('too few incident ids');
    const { expiry, until, usual } = await expiryOf(context, finding.incident.event_id, atMs);
    const document = incidentDocument(finding, incidentId, until);
    await writeSamples(context, document, finding.samples);
    const fields = { ...incidentFields(document), annotations: document.annotations, ...expiry };
    const isInserted = (await insertOnce(context, document, fields)) === 1;
    if (isInserted) inserted += 1;
    // An id that is not stored counts for nothing.
    if (isInserted) await supersede(context, finding, incidentId);
    await prolongForIncident(context, finding.incident, usual);
  }
  return inserted;
}

/**
 * When an incident found now expires: never where its event is kept.
 * @returns `until` and `usual`, Unix seconds; `usual` is how long the values around an incident live
 */
async function expiryOf(
  context: Context,
  eventId: number,
  atMs: number,
): Promise<{ expiry: ExpiryFields; until: number; usual: number }> {
  const fields = await context.expiry.fields('incidents', atMs);
  const usual = numberOf(fields.expire_at) ?? 0;
  if (!(await isKept(context, eventId))) return { expiry: fields, until: usual, usual };
  return { expiry: context.expiry.stored(FOREVER_SECONDS), until: FOREVER_SECONDS, usual };
}

/** The stored incident with this key. Its `_id` does not say so: that of one whose start moved is what it began as. */
async function findByKey(
  context: Context,
  incident: NewIncident | IncidentDocument,
): Promise<StoredIncident<ObjectId> | undefined> {
  const { box_id, start_timestamp_ms } = incident;
  const candidates = await mapped('look for an incident', () =>
    collection(context, 'incidents')
      .find({ box_id, start_timestamp_ms: int64(start_timestamp_ms) })
      .toArray(),
  );
  const key = incidentKey(incident);
  const known = candidates.map((one) => ({ id: one._id, document: incidentOf(one) }));
  return known.find(({ document }) => incidentKey(document) === key);
}

/** @returns 0 when it is there already */
async function insertOnce(context: Context, incident: IncidentDocument, fields: Document): Promise<number> {
  const key = incidentKey(incident);
  for (let place = 0; place < MOST_PLACES; place += 1) {
    const _id = idOf(incident, place);
    if (await insertedAt(context, _id, fields)) return 1;
    const there = await mapped('look for an incident', () =>
      collection(context, 'incidents').findOne({ _id }),
    );
    if (there === null || incidentKey(incidentOf(there)) === key) return 0;
    // An incident whose start moved has its place still.
  }
  throw new Error(`${MOST_PLACES} incidents have the places of ${key}`);
}

async function insertedAt(context: Context, _id: ObjectId, fields: Document): Promise<boolean> {
  return await mapped('store an incident', async () => {
    try {
      const update = { $setOnInsert: fields };
      const { upsertedCount } = await collection(context, 'incidents').updateOne({ _id }, update, {
        upsert: true,
      });
      return upsertedCount === 1;
    } catch (error) {
      if (serverCode(error) !== DUPLICATE_KEY) throw error;
      return false;
    }
  });
}

/**
 * Everything but id, annotations, group, and a file that is not given again.
 * @param isCompared only where what it repeats is as it was read
 * @returns whether it was written
 */
async function keep(
  context: Context,
  stored: StoredIncident<ObjectId>,
  finding: IncidentWithSamples,
  atMs: number,
  isCompared = false,
): Promise<boolean> {
  const { expiry, until, usual } = await expiryOf(context, finding.incident.event_id, atMs);
  const document = incidentDocument(finding, stored.document.incident_id, until, stored.document);
  await writeSamples(context, document, finding.samples);
  const later = until > stored.document.expire_at ? expiry : undefined;
  // A date of before would let it expire.
  const undated = later !== undefined && later.expireAt === undefined ? { $unset: { expireAt: '' } } : {};
  // The group is not written: another process may have given it one since it was read.
  const { group: _, ...fields } = incidentFields(document);
  const repeated = isCompared ? { 'metadata.same_as': stored.document.metadata.same_as ?? null } : {};
  const { matchedCount } = await mapped(`store incident ${document.incident_id}`, () =>
    collection(context, 'incidents').updateOne(
      { _id: stored.id, ...repeated },
      { $set: { ...fields, ...later }, ...undated },
    ),
  );
  if (matchedCount === 0 && isCompared) return false;
  await supersede(context, finding, document.incident_id);
  await prolongForIncident(context, finding.incident, until > usual ? usual : document.expire_at);
  return true;
}

async function supersede(
  context: Context,
  { incident, supersedes }: IncidentWithSamples,
  incidentId: number,
): Promise<void> {
  if (supersedes === undefined) return;
  const ids = { $in: supersedes.map(int32) };
  const filter = { incident_id: ids, box_id: incident.box_id, source: ANALYSIS_SOURCE };
  await mapped(`store what incidents ${supersedes.join(', ')} repeat`, () =>
    collection(context, 'incidents').updateMany(filter, {
      $set: { 'metadata.same_as': double(incidentId) },
    }),
  );
}

/** What repeats a removed incident repeats what that one repeated, else it counts again. */
async function leaveRepeats(context: Context, removed: IncidentDocument): Promise<void> {
  const { fromMs, toMs } = repeatsWithin(removed);
  const filter = {
    box_id: removed.box_id,
    start_timestamp_ms: { $gte: int64(fromMs), $lte: int64(toMs) },
    'metadata.same_as': removed.incident_id,
  };
  await mapped(`look for repeats of incident ${removed.incident_id}`, async () => {
    const incidents = collection(context, 'incidents');
    const repeats = await incidents.find(filter, { projection: { incident_id: 1 } }).toArray();
    for (const { _id, incident_id } of repeats) {
      const { same_as } = repeatedInstead({ incident_id: numberOf(incident_id) ?? 0 }, removed);
      const name = 'metadata.same_as';
      const change =
        same_as === undefined ? { $unset: { [name]: 1 } } : { $set: { [name]: double(same_as) } };
      await incidents.updateOne({ _id, [name]: removed.incident_id }, change);
    }
  });
}

/** The file first: what a crash leaves is a file without an incident, which the sweep deletes. */
async function writeSamples(
  context: Context,
  { gridfs_filename: name, incident_id, start_timestamp_ms }: IncidentDocument,
  samples: Int16Array,
): Promise<void> {
  if (samples.length === 0) return;
  const bytes = littleEndian(samples);
  const metadata = { incident_id: int32(incident_id) };
  const fileId = fileIdAt(start_timestamp_ms, name, bytes);
  await writeFile(context, name, bytes, metadata, context.now(), fileId);
  await deleteOthers(context, name, fileId);
}

async function remove(context: Context, { document, id }: StoredIncident<ObjectId>): Promise<void> {
  await deleteFiles(context, await fileIds(context, [incidentFile(document.incident_id)]));
  await mapped(`delete incident ${document.incident_id}`, () =>
    collection(context, 'incidents').deleteOne({ _id: id }),
  );
}

export async function putIncidentGroup(context: Context, group: IncidentGroup): Promise<void> {
  await mapped(`note group ${group.group_id} of incidents`, () =>
    collection(context, 'incidents').updateMany(
      { incident_id: { $in: group.incident_ids.map(int32) }, source: { $exists: true } },
      { $set: { group: groupFields(group) } },
    ),
  );
}

export async function annotateIncident(
  context: Context,
  incidentId: number,
  remark: string,
): Promise<boolean> {
  return await mapped(`annotate incident ${incidentId}`, async () => {
    const update = { $addToSet: { annotations: remark } };
    const result = await collection(context, 'incidents').updateOne(
      { incident_id: int32(incidentId) },
      update,
    );
    return result.matchedCount > 0;
  });
}

/** An incident of another store, as it stands there. @returns false when it was there already */
export async function insertIncident(context: Context, document: IncidentDocument): Promise<boolean> {
  if ((await findByKey(context, document)) !== undefined) return false;
  const expiry = context.expiry.stored(document.expire_at);
  const fields = { ...incidentFields(document), annotations: document.annotations, ...expiry };
  return (await insertOnce(context, document, fields)) === 1;
}

/** @param place counts on where an incident whose start moved has the `_id` of another one */
function idOf(incident: IncidentDocument, place: number): ObjectId {
  const key = incidentKey(incident);
  return contentId(incident.start_timestamp_ms, place === 0 ? key : `${key}|${place}`);
}
