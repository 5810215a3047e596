/** Box events: one box's waveform in one event. File, then box event, then the push to the event: who sees a box event can read its data. */
import { type Document, ObjectId } from 'mongodb';
import type { BoxEventDocument, Calibration, Stored } from '../../documents.js';
import { STORED } from '../../writes.js';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { boxIdOf, defined, double, int32, int64, listOf, numberOf, textOf } from '../fields/bson.js';
import { addReceivedBox } from './events.js';
import { deleteOthers, fileIdAt, writeFile } from './gridfs.js';

/** @param samples raw ADC counts; written as int16 little endian, no header */
export async function putBoxEvent(
  context: Context,
  boxEvent: BoxEventDocument,
  samples: Int16Array,
  receivedAtMs: number,
): Promise<Stored> {
  const { event_id, box_id, data_fs_filename } = boxEvent;
  const stored = await mapped(`look for box ${box_id} of event ${event_id}`, () =>
    collection(context, 'boxEvents').findOne(
      { event_id: int32(event_id), box_id },
      { projection: { _id: 1 } },
    ),
  );
  if (stored === null) {
    const bytes = littleEndian(samples);
    // A crash between file and box event may have left the file of another reply: the name belongs to this one.
    const fileId = fileIdAt(receivedAtMs, data_fs_filename, bytes);
    await deleteOthers(context, data_fs_filename, fileId);
    const metadata = { event_id: int32(event_id), box_id };
    await writeFile(context, data_fs_filename, bytes, metadata, context.now(), fileId);
  }
  const added = stored === null && (await insertBoxEvent(context, boxEvent));
  await addReceivedBox(context, event_id, box_id, receivedAtMs);
  return added ? STORED : { inserted: 0, duplicates: 1 };
}

/** False when another writer was first. */
export async function insertBoxEvent(context: Context, boxEvent: BoxEventDocument): Promise<boolean> {
  const { event_id, box_id } = boxEvent;
  const key = { event_id: int32(event_id), box_id };
  const fields = {
    // Ours, not the server's: they rise in the order in which replies came, which is the order of reading.
    _id: new ObjectId(),
    event_start_timestamp_ms: int64(boxEvent.event_start_timestamp_ms),
    event_end_timestamp_ms: int64(boxEvent.event_end_timestamp_ms),
    window_timestamps_ms: boxEvent.window_timestamps_ms.map(int64),
    location: boxEvent.location,
    data_fs_filename: boxEvent.data_fs_filename,
    ...calibrationFields(boxEvent),
  };
  return await mapped(`store box ${box_id} of event ${event_id}`, async () => {
    try {
      const result = await collection(context, 'boxEvents').updateOne(
        key,
        { $setOnInsert: fields },
        { upsert: true },
      );
      return result.upsertedCount > 0;
    } catch (error) {
      if (serverCode(error) === DUPLICATE_KEY) return false;
      throw error;
    }
  });
}

/** The samples' bytes, low byte first whatever this machine does. */
export function littleEndian(samples: Int16Array): Uint8Array {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? bytes : Buffer.from(bytes).swap16();
}

/** @param boxIds of these boxes; left out: of all */
export async function readBoxEvents(
  context: Context,
  eventId: number,
  boxIds?: readonly string[],
): Promise<BoxEventDocument[]> {
  // Other services may have stored an id as a number.
  const ofBoxes =
    boxIds === undefined ? {} : { box_id: { $in: boxIds.flatMap((boxId) => [boxId, Number(boxId)]) } };
  const documents = await mapped(`read the boxes of event ${eventId}`, () =>
    collection(context, 'boxEvents')
      .find({ event_id: int32(eventId), ...ofBoxes })
      .sort({ _id: 1 })
      .toArray(),
  );
  return documents.map(boxEventOf);
}

/** A stored box event, also one of the analysis service or of the v3 services (no `window_timestamps_ms`). */
export function boxEventOf(document: Document): BoxEventDocument {
  return {
    event_id: numberOf(document.event_id) ?? 0,
    box_id: boxIdOf(document.box_id) ?? '',
    event_start_timestamp_ms: numberOf(document.event_start_timestamp_ms) ?? 0,
    event_end_timestamp_ms: numberOf(document.event_end_timestamp_ms) ?? 0,
    window_timestamps_ms: listOf(document.window_timestamps_ms, numberOf),
    location: textOf(document.location) ?? 'unknown',
    data_fs_filename: textOf(document.data_fs_filename) ?? '',
    ...calibrationIn(document),
  };
}

const CALIBRATION = ['calibration_constant', 'nominal_voltage', 'nominal_frequency'] as const;

/** What a waveform is judged with, or a box has; without what is not known. */
export function calibrationFields(values: Calibration): Document {
  return defined(
    Object.fromEntries(
      CALIBRATION.map((name) => {
        const value = values[name];
        return [name, value === undefined ? undefined : double(value)];
      }),
    ),
  );
}

/** As it was stored by whomever: numbers that can be none of these are left out. */
export function calibrationIn(document: Document): Calibration {
  const found = CALIBRATION.map((name) => [name, numberOf(document[name])] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value > 0));
}
