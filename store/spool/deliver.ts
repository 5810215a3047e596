/** One spooled row into the database. */
import { MakaiError } from '../../common/errors.js';
import { locationOf, UNKNOWN_LOCATION } from '../boxes.js';
import { calibrationOf } from '../calibration.js';
import type { NewEvent, NewTrend } from '../documents.js';
import { decodeKeptWrite } from '../kept-write.js';
import type { Store } from '../store.js';
import type { Stored, Write } from '../writes.js';
import type { Row } from './rows.js';

type Sink = Pick<Store, 'apply' | 'box' | 'boxes'>;

/** @throws MakaiError STORE_UNAVAILABLE: try again later; any other code: it will never be taken (STORE_DAMAGED: it is not what we wrote) */
export async function deliver(store: Store, row: Row): Promise<Stored> {
  const write = decodeKeptWrite(row.body);
  if (write.kind === 'event') await checkSame(store, write.event);
  return applyWithLocation(store, write);
}

/**
 * Applies a write. A daemon that had not seen its database when it made a box event or trends writes "unknown" as their location, and no calibration constant;
 * the database knows better.
 */
export async function applyWithLocation(store: Sink, write: Write): Promise<Stored> {
  switch (write.kind) {
    case 'box_event': {
      const { box_id, location } = write.boxEvent;
      if (location !== UNKNOWN_LOCATION) return store.apply(write);
      const box = await store.box(box_id);
      const { calibration_constant } = calibrationOf(write.boxEvent, box);
      const known = { location: locationOf(box), ...(calibration_constant && { calibration_constant }) };
      return store.apply({ ...write, boxEvent: { ...write.boxEvent, ...known } });
    }
    case 'trends':
      return store.apply({ ...write, trends: await withLocations(store, write.trends) });
    default:
      return store.apply(write);
  }
}

/** How long the locations of all boxes are not read again: many boxes may have none. */
const LOCATIONS_MS = 10_000;
const locationsOf = new WeakMap<Sink, { readAtMs: number; locations: ReadonlyMap<string, string> }>();

async function withLocations(store: Sink, trends: readonly NewTrend[]): Promise<readonly NewTrend[]> {
  if (trends.every(({ location }) => location !== UNKNOWN_LOCATION)) return trends;
  let read = locationsOf.get(store);
  if (read === undefined || performance.now() - read.readAtMs > LOCATIONS_MS) {
    const locations = new Map((await store.boxes()).map((box) => [box.box_id, locationOf(box)]));
    read = { readAtMs: performance.now(), locations };
    locationsOf.set(store, read);
  }
  const { locations } = read;
  return trends.map((trend) =>
    trend.location === UNKNOWN_LOCATION
      ? { ...trend, location: locations.get(trend.box_id) ?? UNKNOWN_LOCATION }
      : trend,
  );
}

/** Another event under the same id is not ours to add to: it is left alone, and ours is kept apart for a person to look at. */
async function checkSame(store: Store, event: NewEvent): Promise<void> {
  const stored = await store.event(event.event_id);
  const same =
    stored === undefined ||
    (stored.target_event_start_timestamp_ms === event.target_event_start_timestamp_ms &&
      stored.target_event_end_timestamp_ms === event.target_event_end_timestamp_ms &&
      stored.description === event.description);
  if (!same) throw new MakaiError('STORE_REFUSED', `event id ${event.event_id} is taken by another event`);
}
