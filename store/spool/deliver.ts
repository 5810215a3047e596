/** One spooled row into the database. */
import { MakaiError, messageOf } from '../../common/errors.js';
import { locationOf, UNKNOWN_LOCATION } from '../boxes.js';
import type { BoxEventDocument, Store } from '../store.js';
import {
  askedOfRow,
  columnsOfRow,
  eventOfRow,
  healthOfRow,
  metricsOfRow,
  type Row,
  waveformOfRow,
} from './rows.js';

/** @throws MakaiError STORE_UNAVAILABLE: try again later; any other code: it will never be taken */
export async function deliver(store: Store, row: Row): Promise<void> {
  try {
    await deliverKind(store, row);
  } catch (error) {
    if (error instanceof MakaiError) throw error;
    // The row is not what we wrote: a damaged file.
    throw new MakaiError('STORE_REFUSED', `a spooled row cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function deliverKind(store: Store, row: Row): Promise<void> {
  const accepted = { acceptedAtMs: row.acceptedMs };
  switch (row.kind) {
    case 'measurements':
      await store.insertMeasurements(columnsOfRow(row), accepted);
      return;
    case 'event':
      await deliverEvent(store, row);
      return;
    case 'asked':
      await store.addTriggeredBoxes(row.eventId ?? 0, askedOfRow(row));
      return;
    case 'waveform': {
      const { document, samples } = waveformOfRow(row);
      const location = await knownLocation(store, document);
      await store.putBoxEvent({ ...document, location }, samples, row.acceptedMs);
      return;
    }
    case 'metrics':
      await store.insertMetrics(metricsOfRow(row), accepted);
      return;
    case 'health':
      await store.insertHealth(healthOfRow(row), accepted);
      return;
  }
}

/** A broker that has never seen its database writes "unknown"; the database knows better. */
async function knownLocation(store: Store, { box_id, location }: BoxEventDocument): Promise<string> {
  return location === UNKNOWN_LOCATION ? locationOf(await store.box(box_id)) : location;
}

/** Another event under the same number is not ours to add to: it is left alone, and ours is kept apart for a person to look at. */
async function deliverEvent(store: Store, row: Row): Promise<void> {
  const event = eventOfRow(row);
  const stored = await store.event(event.event_id);
  const same =
    stored === undefined ||
    (stored.target_event_start_timestamp_ms === event.target_event_start_timestamp_ms &&
      stored.target_event_end_timestamp_ms === event.target_event_end_timestamp_ms &&
      stored.description === event.description);
  if (!same) {
    throw new MakaiError('STORE_REFUSED', `event number ${event.event_id} is taken by another event`);
  }
  await store.insertEvent(event, { acceptedAtMs: row.acceptedMs });
}
