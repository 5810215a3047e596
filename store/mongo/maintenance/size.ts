/** How much the files in GridFS hold, and deleting the oldest waveforms where that is too much (`store_max_bytes`). */
import type { DeletedWaveforms } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { deleteOriginalOf } from '../events/originals.js';
import { int32, int64, numberOf, textOf } from '../fields/bson.js';
import { deleteBoxEvents } from './sweep.js';

/** Box events looked at to find the next events. */
const PAGE = 500;
/** One call takes so long: the spool's link takes a call of 30 s for a database that hangs. */
const CALL_MS = 5_000;

/** Bytes of all files before compression: it reads the documents of the files, not their data. */
export async function usedBytes(context: Context): Promise<number> {
  let bytes = 0;
  for (const name of ['files', 'originalFiles'] as const) {
    const [sum] = await mapped(`add up the ${name}`, () =>
      collection(context, name)
        .aggregate([{ $group: { _id: null, bytes: { $sum: '$length' } } }])
        .toArray(),
    );
    bytes += numberOf(sum?.bytes) ?? 0;
  }
  return bytes;
}

/** In the order of event ids; see `Maintenance`. An event whose deletion a crash ended early is met again by the next call. */
export async function deleteOldestWaveforms(
  context: Context,
  bytes: number,
  nowMs: number,
): Promise<DeletedWaveforms> {
  const deleted: DeletedWaveforms = { events: 0, waveforms: 0, bytes: 0 };
  const endMs = performance.now() + CALL_MS;
  for (let from: number | undefined = 0; from !== undefined; ) {
    const page: { ids: number[]; next: number | undefined } = await notKept(context, from);
    for (const eventId of page.ids) {
      if (deleted.bytes >= bytes || performance.now() >= endMs) return deleted;
      // The note first, for it also says whether the event is kept now; after a crash the box events that are left lead to the event again.
      if (!(await noted(context, eventId, nowMs))) continue;
      const bytesOfEvent = await waveformBytes(context, eventId);
      const { deleted: waveforms, all } = await deleteBoxEvents(
        context,
        { event_id: int32(eventId) },
        () => performance.now() >= endMs,
      );
      deleted.waveforms += waveforms;
      if (!all) return deleted;
      deleted.bytes += bytesOfEvent + (await deleteOriginalOf(context, eventId));
      deleted.events += 1;
    }
    from = page.next;
  }
  return deleted;
}

/** @returns false for an event that is kept */
async function noted(context: Context, eventId: number, nowMs: number): Promise<boolean> {
  const events = collection(context, 'events');
  const event_id = int32(eventId);
  return mapped(`note that the waveforms of event ${eventId} are deleted`, async () => {
    const { matchedCount } = await events.updateOne(
      { event_id, kept: { $ne: true } },
      { $set: { waveforms_deleted_ms: int64(nowMs) } },
    );
    // Box events without an event are deleted as well.
    return matchedCount > 0 || (await events.findOne({ event_id })) === null;
  });
}

/** Events that have box events and are not kept, of the next box events by event id. `next`: where to go on, undefined at the end. */
async function notKept(context: Context, from: number): Promise<{ ids: number[]; next: number | undefined }> {
  const page = await mapped('look through box events', () =>
    collection(context, 'boxEvents')
      .find({ event_id: { $gte: from } }, { projection: { event_id: 1 } })
      .sort({ event_id: 1 })
      .limit(PAGE)
      .toArray(),
  );
  const ids = [...new Set(page.flatMap(({ event_id }) => numberOf(event_id) ?? []))];
  const kept = await mapped('look for kept events', () =>
    collection(context, 'events')
      .find({ event_id: { $in: ids.map(int32) }, kept: true }, { projection: { event_id: 1 } })
      .toArray(),
  );
  const isKept = new Set(kept.map(({ event_id }) => numberOf(event_id)));
  const last = ids.at(-1);
  return {
    ids: ids.filter((id) => !isKept.has(id)),
    next: page.length < PAGE || last === undefined ? undefined : last + 1,
  };
}

async function waveformBytes(context: Context, eventId: number): Promise<number> {
  const boxEvents = await mapped(`read the boxes of event ${eventId}`, () =>
    collection(context, 'boxEvents')
      .find({ event_id: int32(eventId) }, { projection: { data_fs_filename: 1 } })
      .toArray(),
  );
  const names = boxEvents.flatMap(({ data_fs_filename }) => textOf(data_fs_filename) ?? []);
  const [sum] = await mapped(`add up the files of event ${eventId}`, () =>
    collection(context, 'files')
      .aggregate([
        { $match: { filename: { $in: names } } },
        { $group: { _id: null, bytes: { $sum: '$length' } } },
      ])
      .toArray(),
  );
  return numberOf(sum?.bytes) ?? 0;
}
