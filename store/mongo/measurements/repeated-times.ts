/**
 * Measurements whose box and time are stored already. With the same values it is the same measurement. With other values nothing is lost: it is
 * stored at the next free ms, and `reported_timestamp_ms` has the time that the box sent (docs/data-model.md).
 */
import type { Document } from 'mongodb';
import { METRIC_FIELD } from '../../../proto/columns.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int64, numberOf } from '../fields/bson.js';
import { boxTimeId } from '../fields/ids.js';
import { measurementOf } from './measurement-document.js';

/** Documents of a box that are compared with, back from the last one that was moved: more than come again when a batch is applied twice. */
const COMPARED_MS = 1000;
/** Boxes whose last place is remembered, so that a clock that stands still is not searched from its first ms each time. */
const REMEMBERED_BOXES = 1000;
const remembered = new WeakMap<Context, Map<string, { timeMs: number; placeMs: number }>>();

/**
 * Whether two documents of one box and time are the same measurement. Only what both have is compared: a service of another make beside ours
 * stores the same measurement with fewer fields.
 */
export function isSameMeasurement(a: Document, b: Document): boolean {
  const [one, other] = [measurementOf(a), measurementOf(b)];
  if ((one.reported_timestamp_ms ?? 0) !== (other.reported_timestamp_ms ?? 0)) return false;
  return Object.values(METRIC_FIELD).every((field) => {
    const limits = [one.extremes?.[field], other.extremes?.[field]];
    return (
      isSame(one[field], other[field]) &&
      isSame(limits[0]?.min, limits[1]?.min) &&
      isSame(limits[0]?.max, limits[1]?.max)
    );
  });
}

/** As the float32 that the box sent. */
function isSame(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || Math.fround(a) === Math.fround(b);
}

/** What makes a measurement of ours that one and no other: values, and the time that the box sent. */
function identityOf(document: Document): string {
  const {
    expire_at: _expiry,
    timestamp_ms,
    reported_timestamp_ms = timestamp_ms,
    ...values
  } = measurementOf(document);
  return JSON.stringify({ reported_timestamp_ms, ...values });
}

/**
 * Moves documents to free ms.
 * @param repeats of any boxes, each with other values than what is stored under its key
 * @returns what is to be inserted; the others are stored already, moved
 */
export async function moved(context: Context, repeats: readonly Document[]): Promise<Document[]> {
  const groups = new Map<string, Document[]>();
  for (const document of repeats) {
    const key = `${document.box_id} ${numberOf(document.timestamp_ms)}`;
    groups.set(key, [...(groups.get(key) ?? []), document]);
  }
  const placed: Document[] = [];
  const used = new Set<string>();
  for (const group of groups.values()) placed.push(...(await placeGroup(context, group, used)));
  return placed;
}

async function placeGroup(
  context: Context,
  group: readonly Document[],
  used: Set<string>,
): Promise<Document[]> {
  const [first = {}] = group;
  const boxId = String(first.box_id);
  const timeMs = numberOf(first.timestamp_ms) ?? 0;
  const places = placesOf(context);
  const known = places.get(boxId);
  const nextMs = known?.timeMs === timeMs ? known.placeMs + 1 : timeMs + 1;
  const fromMs = Math.max(timeMs + 1, nextMs - COMPARED_MS);
  const stored = await mapped('look for repeated times', () =>
    collection(context, 'measurements')
      .find({
        box_id: boxId,
        timestamp_ms: { $gte: int64(fromMs), $lt: int64(nextMs + COMPARED_MS + group.length) },
      })
      .toArray(),
  );
  const identities = new Set(stored.map(identityOf));
  for (const one of stored) used.add(`${boxId} ${numberOf(one.timestamp_ms)}`);
  const placed: Document[] = [];
  let placeMs = nextMs;
  for (const document of group) {
    const identity = identityOf(document);
    if (identities.has(identity)) continue;
    identities.add(identity);
    while (used.has(`${boxId} ${placeMs}`)) placeMs += 1;
    used.add(`${boxId} ${placeMs}`);
    placed.push(at(document, boxId, placeMs, context.misspeltTime));
  }
  if (places.size >= REMEMBERED_BOXES) places.clear();
  places.set(boxId, { timeMs, placeMs });
  return placed;
}

function at(document: Document, boxId: string, placeMs: number, misspeltTime: boolean): Document {
  const time = int64(placeMs);
  return {
    ...document,
    _id: boxTimeId(Number(boxId), placeMs),
    timestamp_ms: time,
    reported_timestamp_ms: document.timestamp_ms,
    ...(misspeltTime ? { timetstamp_ms: time } : {}),
  };
}

function placesOf(context: Context): Map<string, { timeMs: number; placeMs: number }> {
  const places = remembered.get(context) ?? new Map<string, { timeMs: number; placeMs: number }>();
  remembered.set(context, places);
  return places;
}
