/**
 * What says "unknown" for its location although its box has one: written by a daemon that had not seen its database then, or by a version that remembered
 * that for a minute after the database's return. Mended when the database is there (again): box events and incidents immediately, trends and aggregates,
 * of which a box has thousands, box by box in the sweeps that follow. At the start of a process a week of them, at a return of the database what is
 * not much older than its absence: all before that was looked at.
 */
import type { Document } from 'mongodb';
import { UNKNOWN_LOCATION } from '../../boxes.js';
import { UNKNOWN_INCIDENT_LOCATION } from '../../incidents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int64, numberOf, textOf } from '../fields/bson.js';

/** As long as a spool keeps what waits, by default. */
const BACK_MS = 7 * 86_400_000;
/** Before the last reply of the database: data that were on their way then. */
const MARGIN_MS = 3_600_000;

/** The time by which a document is old or new. */
const TIME_OF = {
  boxEvents: 'event_start_timestamp_ms',
  incidents: 'start_timestamp_ms',
  trends: 'timestamp_ms',
  aggregates: 'timestamp_ms',
} as const;
type Located = keyof typeof TIME_OF;

/** What a document says whose location is not known, of those that Makai writes: the incidents of existing services have no `source`. */
const unknownOf = (name: Located): Document =>
  name === 'incidents'
    ? { location: UNKNOWN_INCIDENT_LOCATION, source: { $exists: true } }
    : { location: UNKNOWN_LOCATION };

interface Box {
  /** as it is stored */
  id: unknown;
  location: string;
  /** before this it was somewhere else, Unix ms */
  fromMs: number;
}

/**
 * Where the mending goes on. One object for a process and a database, also when the connection is made again: a part of a week that was not
 * mended when the database went away is mended later.
 */
export interface MendPosition {
  /** the last reply to a write, Unix ms; undefined: the database was not reached yet */
  reachedMs?: number;
  /** trends and aggregates from here on, Unix ms */
  sinceMs: number;
  /** boxes that are left; undefined: none was looked at yet */
  boxes?: Box[] | undefined;
  mended: number;
}

export const newMendPosition = (): MendPosition => ({ sinceMs: 0, boxes: [], mended: 0 });

/** The database is there (again): mends box events and incidents, and lets the sweeps mend trends and aggregates. @returns how many were mended */
export async function mendLocations(context: Context, position: MendPosition): Promise<number> {
  const nowMs = context.now();
  const { reachedMs } = position;
  const sinceMs = Math.max(nowMs - BACK_MS, reachedMs === undefined ? 0 : reachedMs - MARGIN_MS);
  const mended = await mapped('mend locations', async () => {
    let count = 0;
    for (const name of ['boxEvents', 'incidents'] as const) {
      const unknown = { ...unknownOf(name), [TIME_OF[name]]: { $gte: int64(sinceMs) } };
      const ids = await collection(context, name).distinct('box_id', unknown);
      if (ids.length === 0) continue;
      for (const box of await boxesWithLocation(context, sinceMs, { box_id: { $in: ids } }))
        count += await mendBox(context, name, box);
    }
    return count;
  });
  const isOver = position.boxes?.length === 0;
  position.sinceMs = isOver ? sinceMs : Math.min(position.sinceMs, sinceMs);
  position.boxes = undefined;
  position.mended = 0;
  position.reachedMs = Math.max(nowMs, reachedMs ?? 0);
  return mended;
}

/** Mends trends and aggregates of the boxes that are left, until `over`. */
export async function mendSeries(
  context: Context,
  position: MendPosition,
  over: () => boolean,
): Promise<void> {
  if (position.boxes?.length === 0) return;
  await mapped('mend locations of trends', async () => {
    position.boxes ??= await boxesWithLocation(context, position.sinceMs, {});
    while (!over()) {
      const box = position.boxes.at(-1);
      if (box === undefined) break;
      for (const name of ['trends', 'aggregates'] as const)
        position.mended += await mendBox(context, name, box);
      position.boxes.pop();
    }
  });
  if (position.boxes?.length !== 0 || position.mended === 0) return;
  context.log.info(
    { trends: position.mended },
    'locations filled in that were not known when the trends were stored',
  );
}

async function boxesWithLocation(context: Context, since: number, filter: object): Promise<Box[]> {
  const boxes = await collection(context, 'boxes')
    .find(filter, { projection: { box_id: 1, location: 1, location_start_time_ms: 1 } })
    .toArray();
  return boxes.flatMap(({ box_id, location, location_start_time_ms }) => {
    const slug = textOf(location);
    if (slug === undefined || slug === '' || slug === UNKNOWN_LOCATION) return [];
    const fromMs = Math.max(since, numberOf(location_start_time_ms) ?? since);
    return [{ id: box_id, location: slug, fromMs }];
  });
}

/** By the index on box and time. @returns how many */
async function mendBox(context: Context, name: Located, { fromMs, id, location }: Box): Promise<number> {
  const { modifiedCount } = await collection(context, name).updateMany(
    { box_id: id, ...unknownOf(name), [TIME_OF[name]]: { $gte: int64(fromMs) } },
    { $set: { location } },
  );
  return modifiedCount;
}
