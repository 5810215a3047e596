/** One spooled row into the database. */
import { MakaiError } from '../../common/errors.js';
import { locationOf, UNKNOWN_LOCATION } from '../boxes.js';
import type { BoxEventDocument, NewEvent } from '../documents.js';
import type { Store } from '../store.js';
import { decodeWrite } from '../write-codec.js';
import { applyOne, type Stored } from '../writes.js';
import type { Row } from './rows.js';

/** @throws MakaiError STORE_UNAVAILABLE: try again later; any other code: it will never be taken (STORE_DAMAGED: it is not what we wrote) */
export async function deliver(store: Store, row: Row): Promise<Stored> {
  const write = decodeWrite(row.body);
  if (write.kind === 'event') await checkSame(store, write.event);
  if (write.kind !== 'box_event') return applyOne(store, write);
  const location = await knownLocation(store, write.boxEvent);
  return applyOne(store, { ...write, boxEvent: { ...write.boxEvent, location } });
}

/** A broker that has never seen its database writes "unknown"; the database knows better. */
async function knownLocation(store: Store, { box_id, location }: BoxEventDocument): Promise<string> {
  return location === UNKNOWN_LOCATION ? locationOf(await store.box(box_id)) : location;
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
