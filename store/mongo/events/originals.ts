/**
 * Files that events were imported from: a bucket of GridFS of our own, and a document for each imported recording. The document is written first:
 * a file that can be found has an owner.
 */
import { type Document, Int32, type ObjectId } from 'mongodb';
import type { Original, OriginalFile } from '../../documents.js';
import { ORIGINAL_GRACE_MS } from '../../originals.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int32, int64, numberOf, textOf } from '../fields/bson.js';
import { contentId } from '../fields/ids.js';
import { deleteFiles, ORIGINALS, readById, writeFile } from './gridfs.js';

/** Imports looked at in one sweep. */
const PAGE = 500;

export async function putOriginal(
  context: Context,
  { event_id, sha256, recording, files }: Original,
): Promise<number> {
  await ensureIndexes(context);
  const owner = await mapped(`note the import of event ${event_id}`, () =>
    collection(context, 'imports').findOneAndUpdate(
      keyOf(sha256, recording),
      {
        $setOnInsert: {
          event_id: int32(event_id),
          sha256,
          recording: int32(recording),
          files: new Int32(files.length),
          stored_ms: int64(context.now()),
        },
      },
      { upsert: true, returnDocument: 'after' },
    ),
  );
  for (const [position, { name, bytes }] of files.entries()) {
    const metadata = { sha256, position: int32(position) };
    const id = fileIdOf(sha256, position, numberOf(owner?.stored_ms) ?? 0);
    await writeFile(context, name, bytes, metadata, context.now(), id, ORIGINALS);
  }
  return numberOf(owner?.event_id) ?? event_id;
}

export async function readOriginal(context: Context, eventId: number): Promise<Original | undefined> {
  const found = await mapped(`read the import of event ${eventId}`, () =>
    collection(context, 'imports').findOne({ event_id: int32(eventId) }),
  );
  const sha256 = textOf(found?.sha256);
  if (found === null || sha256 === undefined) return undefined;
  const files: OriginalFile[] = [];
  for (const id of fileIdsOf(found)) {
    const file = await readById(context, id, ORIGINALS);
    if (file !== undefined) files.push(file);
  }
  return { event_id: eventId, sha256, recording: numberOf(found.recording) ?? 1, files };
}

export async function importedEventId(
  context: Context,
  sha256: string,
  recording: number,
): Promise<number | undefined> {
  const found = await mapped('look for an import', () =>
    collection(context, 'imports').findOne(keyOf(sha256, recording)),
  );
  return numberOf(found?.event_id);
}

/**
 * Deletes imports whose event is gone: expired, or never written. Files go with the last import of them.
 * @param after where the last sweep ended. @returns where the next goes on, undefined at the end
 */
export async function deleteOrphanedImports(
  context: Context,
  nowMs: number,
  after: string | undefined,
): Promise<string | undefined> {
  const page = await mapped('look through imports', () =>
    imports(context)
      .find(after === undefined ? {} : { _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(PAGE)
      .toArray(),
  );
  const events = await mapped('look for the events of imports', () =>
    collection(context, 'events')
      .find({ event_id: { $in: page.map(({ event_id }) => event_id) } }, { projection: { event_id: 1 } })
      .toArray(),
  );
  const living = new Set(events.map(({ event_id }) => numberOf(event_id)));
  for (const one of page) {
    const isOld = (numberOf(one.stored_ms) ?? 0) < nowMs - ORIGINAL_GRACE_MS;
    if (isOld && !living.has(numberOf(one.event_id))) await deleteImport(context, one);
  }
  return page.length < PAGE ? undefined : page.at(-1)?._id;
}

/** Deletes what an event was imported from. @returns bytes of the files that nothing else was imported from */
export async function deleteOriginalOf(context: Context, eventId: number): Promise<number> {
  const one = await mapped(`read the import of event ${eventId}`, () =>
    imports(context).findOne({ event_id: int32(eventId) }),
  );
  return one === null ? 0 : await deleteImport(context, one);
}

/** @returns bytes of the files that went with it */
async function deleteImport(context: Context, one: ImportDocument): Promise<number> {
  const others = await mapped('look for other imports of a file', () =>
    imports(context).findOne({ _id: { $ne: one._id }, sha256: one.sha256 }),
  );
  let bytes = 0;
  if (others === null) {
    const _id = { $in: fileIdsOf(one) };
    const files = await mapped('look for the files of an import', () =>
      collection(context, 'originalFiles')
        .find({ _id }, { projection: { length: 1 } })
        .toArray(),
    );
    bytes = files.reduce((sum, { length }) => sum + (numberOf(length) ?? 0), 0);
    await deleteFiles(context, _id.$in, ORIGINALS);
  }
  await mapped('delete an import', () => imports(context).deleteOne({ _id: one._id }));
  return bytes;
}

/** Made with the first import, as drivers do with a bucket; a store without imports has none. */
async function ensureIndexes(context: Context): Promise<void> {
  await mapped('make the indexes of imports', async () => {
    await collection(context, 'originalChunks').createIndex({ files_id: 1, n: 1 }, { unique: true });
    await collection(context, 'originalFiles').createIndex({ filename: 1, uploadDate: 1 });
    await collection(context, 'imports').createIndex({ event_id: 1 });
    await collection(context, 'imports').createIndex({ sha256: 1 });
  });
}

interface ImportDocument extends Document {
  _id: string;
}

const imports = (context: Context) => context.db.collection<ImportDocument>('makai_imports');

const keyOf = (sha256: string, recording: number): Document => ({ _id: `${sha256}:${recording}` });

const fileIdOf = (sha256: string, position: number, storedMs: number): ObjectId =>
  contentId(storedMs, sha256, String(position));

function fileIdsOf({ files, sha256, stored_ms }: Document): ObjectId[] {
  const storedMs = numberOf(stored_ms) ?? 0;
  return Array.from({ length: numberOf(files) ?? 0 }, (_, position) =>
    fileIdOf(String(sha256), position, storedMs),
  );
}
