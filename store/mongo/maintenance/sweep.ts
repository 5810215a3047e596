/**
 * Deletes what has expired, and what a crash left without its owner. `laha`: by `expire_at`. `ttl`: by `expireAt`, where the server's TTL index
 * was not first; it takes events without what belongs to them, which then counts as orphaned. Every step can be ended early by a crash and done
 * again: an owner goes after what it owns, and what lost its owner is found by a search that goes around the collection a piece a sweep.
 */
import { type Document, ObjectId } from 'mongodb';
import type { SweepResult } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { deleteOldFindings } from '../diagnostics.js';
import { deleteFiles, fileIds } from '../events/gridfs.js';
import { deleteOrphanedImports } from '../events/originals.js';
import { int64, numberOf, recordOf, textOf } from '../fields/bson.js';
import { deleteExpiredIncidents, incidentFileOrphans } from './incident-sweep.js';
import { type MendPosition, mendSeries } from './locations.js';
import { prolongBeforeSweep } from './prolong.js';

/** Events, box events or files looked at in one step; the steps of one sweep are bounded so that it never holds the server for long. */
const PAGE = 500;
const PAGES_A_SWEEP = 20;
/** Younger than this, something without an owner may just be on its way: another writer's next step, or a spool that is being drained. */
const GRACE_MS = 600_000;
const EVENTS_A_PAGE = 100;
/** Measurements or trends deleted by one command. */
const SLICE = 5000;
/** Pages of findings of health a sweep: several times what 1,000 boxes make. */
const FINDING_PAGES = 4;
/** No new slice after so long: the spool's link takes a call of 30 s for a database that hangs. What is left waits for the next sweep. */
const SWEEP_MS = 15_000;

/** Where the search for orphans goes on at the next sweep. */
export interface SweepPosition {
  boxEvent?: number | undefined;
  file?: ObjectId | undefined;
  incidentFile?: ObjectId | undefined;
  chunk?: ObjectId | undefined;
  finding?: ObjectId | undefined;
  import?: string | undefined;
  mend: MendPosition;
}

/** @param signal ends it between two steps */
export async function sweep(
  context: Context,
  nowMs: number,
  position: SweepPosition,
  signal?: AbortSignal,
): Promise<SweepResult> {
  const result: SweepResult = {
    measurements: 0,
    trends: 0,
    aggregates: 0,
    events: 0,
    incidents: 0,
    orphans: 0,
  };
  const laha = context.expiry.mode === 'laha';
  if (laha) await prolongBeforeSweep(context, nowMs);
  const expired = laha
    ? { expire_at: { $lte: int64(Math.floor(nowMs / 1000)) } }
    : { expireAt: { $lte: new Date(nowMs) } };
  const until = performance.now() + SWEEP_MS;
  const over = (): boolean => signal?.aborted === true || performance.now() > until;
  for (const name of ['measurements', 'trends', 'aggregates'] as const)
    result[name] = await deleteExpired(context, name, expired, over);
  result.trends += await deleteExpired(context, 'series', expired, over);
  result.events = await deleteExpiredEvents(context, expired, over);
  result.incidents = await deleteExpiredIncidents(context, expired, over);
  // Expired events are the oldest as a rule: from the lowest id on until a page is in order, then one page of the long way round.
  for (let page = 0, from = 0; page < PAGES_A_SWEEP && !over(); page += 1) {
    const step = await boxEventOrphans(context, from, nowMs, over);
    result.orphans += step.orphans;
    if (step.orphans === 0 || step.next === undefined) break;
    from = step.next;
  }
  if (signal?.aborted === true) return result;
  const around = await boxEventOrphans(context, position.boxEvent ?? 0, nowMs, over);
  position.boxEvent = around.next;
  result.orphans += around.orphans;
  result.orphans += await fileOrphans(context, nowMs, position);
  const files = await incidentFileOrphans(context, nowMs, position.incidentFile);
  position.incidentFile = files.next;
  result.orphans += files.deleted;
  result.orphans += await chunkOrphans(context, nowMs, position);
  position.import = await deleteOrphanedImports(context, nowMs, position.import);
  for (let page = 0; page < FINDING_PAGES && !over(); page += 1) {
    position.finding = await deleteOldFindings(context, nowMs, position.finding);
    if (position.finding === undefined) break;
  }
  await mendSeries(context, position.mend, over);
  return result;
}

/** In slices: after days of standstill one command for everything would run into every time limit. */
async function deleteExpired(
  context: Context,
  name: 'measurements' | 'trends' | 'aggregates' | 'series',
  expired: Document,
  over: () => boolean,
): Promise<number> {
  let deleted = 0;
  while (!over()) {
    const found = await mapped(`find expired ${name}`, () =>
      collection(context, name)
        .find(expired, { projection: { _id: 1 } })
        .limit(SLICE)
        .toArray(),
    );
    if (found.length === 0) break;
    const _id = { $in: found.map((document) => document._id) };
    // The condition again: what was prolonged in between stays.
    const slice = await mapped(`delete expired ${name}`, () =>
      collection(context, name).deleteMany({ _id, ...expired }),
    );
    deleted += slice.deletedCount;
    if (found.length < SLICE) break;
  }
  return deleted;
}

/** What is left of them if it is interrupted is found by the next sweep. @returns how many events there were */
export async function deleteEvents(context: Context, eventIds: readonly number[]): Promise<number> {
  let deleted = 0;
  for (let at = 0; at < eventIds.length; at += EVENTS_A_PAGE) {
    const event_id = { $in: eventIds.slice(at, at + EVENTS_A_PAGE) };
    await deleteBoxEvents(context, { event_id }, () => false);
    const result = await mapped('delete events', () =>
      collection(context, 'events').deleteMany({ event_id }),
    );
    deleted += result.deletedCount;
  }
  return deleted;
}

async function deleteExpiredEvents(
  context: Context,
  expired: Document,
  over: () => boolean,
): Promise<number> {
  let deleted = 0;
  for (let page = 0; page < PAGES_A_SWEEP && !over(); page += 1) {
    const events = await mapped('find expired events', () =>
      collection(context, 'events')
        .find(expired, { projection: { event_id: 1 } })
        .limit(EVENTS_A_PAGE)
        .toArray(),
    );
    if (events.length === 0) break;
    const owned = { event_id: { $in: events.map((event) => event.event_id) } };
    // The events last: what is left of them is found again.
    if (!(await deleteBoxEvents(context, owned, over)).all) break;
    const ids = events.map((event) => event._id);
    await mapped('delete expired events', () =>
      collection(context, 'events').deleteMany({ _id: { $in: ids }, ...expired }),
    );
    deleted += events.length;
  }
  return deleted;
}

/**
 * Deletes box events with their files, whatever the files are called: those of the analysis service's events too. A page at a time: a hundred
 * events of a thousand boxes are gigabytes. `all`: it was not stopped before.
 */
export async function deleteBoxEvents(
  context: Context,
  filter: Document,
  over: () => boolean,
): Promise<{ deleted: number; all: boolean }> {
  for (let deleted = 0; ; ) {
    if (over()) return { deleted, all: false };
    const found = await mapped('find box events', () =>
      collection(context, 'boxEvents')
        .find(filter, { projection: { data_fs_filename: 1 } })
        .limit(PAGE)
        .toArray(),
    );
    const names = found
      .map((boxEvent) => textOf(boxEvent.data_fs_filename))
      .filter((name): name is string => name !== undefined && name !== '');
    await deleteFiles(context, await fileIds(context, [...new Set(names)]));
    const ids = found.map((boxEvent) => boxEvent._id);
    await mapped('delete box events', () =>
      collection(context, 'boxEvents').deleteMany({ _id: { $in: ids } }),
    );
    deleted += found.length;
    if (found.length < PAGE) return { deleted, all: true };
  }
}

/** Box events from event id `from` on whose event is gone. `next`: where the following page begins, undefined at the end. */
async function boxEventOrphans(
  context: Context,
  from: number,
  nowMs: number,
  over: () => boolean,
): Promise<{ orphans: number; next: number | undefined }> {
  const page = await mapped('look through box events', () =>
    collection(context, 'boxEvents')
      .find({ event_id: { $gte: from } }, { projection: { event_id: 1 } })
      .sort({ event_id: 1 })
      .limit(PAGE)
      .toArray(),
  );
  const numbers = [...new Set(page.map((boxEvent) => numberOf(boxEvent.event_id) ?? 0))];
  const last = numbers.at(-1);
  if (last === undefined) return { orphans: 0, next: undefined };
  const living = await mapped('look for events', () =>
    collection(context, 'events')
      .find({ event_id: { $in: numbers } }, { projection: { event_id: 1 } })
      .toArray(),
  );
  const present = new Set(living.map((event) => numberOf(event.event_id)));
  const orphans = page.filter(
    (boxEvent) => !present.has(numberOf(boxEvent.event_id) ?? 0) && isOld(boxEvent._id, nowMs),
  );
  const _id = { $in: orphans.map((boxEvent) => boxEvent._id) };
  const deleted = orphans.length === 0 ? 0 : (await deleteBoxEvents(context, { _id }, over)).deleted;
  return { orphans: deleted, next: page.length < PAGE ? undefined : last + 1 };
}

/** Made by the server or driver more than the grace time ago; an `_id` without a time counts as old. */
function isOld(id: unknown, nowMs: number): boolean {
  return !(id instanceof ObjectId) || id.getTimestamp().getTime() < nowMs - GRACE_MS;
}

/** Files of ours (named `event_<number>_<box>`, with metadata) that no box event names: a crash between the two writes. */
async function fileOrphans(context: Context, nowMs: number, position: SweepPosition): Promise<number> {
  const after = position.file === undefined ? {} : { _id: { $gt: position.file } };
  const page = await mapped('look through files', () =>
    collection(context, 'files')
      .find(
        { ...after, 'metadata.event_id': { $exists: true }, filename: /^event_\d+_/ },
        { projection: { filename: 1, metadata: 1, uploadDate: 1 } },
      )
      .sort({ _id: 1 })
      .limit(PAGE)
      .toArray(),
  );
  const last = page.at(-1)?._id;
  position.file = page.length < PAGE || !(last instanceof ObjectId) ? undefined : last;
  const old = page.filter(
    (file) => file.uploadDate instanceof Date && file.uploadDate.getTime() < nowMs - GRACE_MS,
  );
  if (old.length === 0) return 0;
  const numbers = [...new Set(old.map((file) => recordOf(file.metadata).event_id))];
  const named = await mapped('look for box events of files', () =>
    collection(context, 'boxEvents')
      .find({ event_id: { $in: numbers } }, { projection: { data_fs_filename: 1 } })
      .toArray(),
  );
  const names = new Set(named.map((boxEvent) => textOf(boxEvent.data_fs_filename)));
  const orphans = old.filter((file) => !names.has(textOf(file.filename)));
  await deleteFiles(
    context,
    orphans.map((file) => file._id),
  );
  return orphans.length;
}

/** Chunks whose file was never finished. Counted by file. Reads the index alone: the data of a page would be 100 MB. */
async function chunkOrphans(context: Context, nowMs: number, position: SweepPosition): Promise<number> {
  const chunks = collection(context, 'chunks');
  const after = position.chunk === undefined ? {} : { files_id: { $gt: position.chunk } };
  const page = await mapped('look through chunks', () =>
    chunks
      .find(after, { projection: { _id: 0, files_id: 1 } })
      .sort({ files_id: 1, n: 1 })
      .limit(PAGE)
      .toArray(),
  );
  const last = page.at(-1)?.files_id;
  position.chunk = page.length < PAGE || !(last instanceof ObjectId) ? undefined : last;
  const ids = new Map(page.map(({ files_id }) => [String(files_id), files_id]));
  const files = await mapped('look for the files of chunks', () =>
    collection(context, 'files')
      .find({ _id: { $in: [...ids.values()] } }, { projection: { _id: 1 } })
      .toArray(),
  );
  for (const file of files) ids.delete(String(file._id));
  if (ids.size === 0) return 0;
  const without = await mapped('look at chunks without a file', () =>
    chunks.find({ files_id: { $in: [...ids.values()] } }, { projection: { files_id: 1 } }).toArray(),
  );
  for (const chunk of without) if (!isOld(chunk._id, nowMs)) ids.delete(String(chunk.files_id));
  await deleteFiles(context, [...ids.values()]);
  return ids.size;
}
