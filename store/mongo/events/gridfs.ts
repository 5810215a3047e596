/**
 * Files in GridFS (https://github.com/mongodb/specifications, source/gridfs): chunks first, then the file's document, so that a file that
 * can be found is whole. All chunks go in one insert; the driver's upload stream waits for each of them. The file's `_id`
 * comes from its content: writing it again meets the same chunks and adds nothing.
 */
import { Binary, type Document, MongoBulkWriteError, ObjectId } from 'mongodb';
import { MakaiError } from '../../../common/errors.js';
import { COLLECTION, type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { int32, int64, numberOf } from '../fields/bson.js';
import { contentId } from '../fields/ids.js';

/** GridFS's own default, 255 KiB: even, so that a reader may take each chunk for an array of 16-bit samples. */
export const CHUNK_BYTES = 255 * 1024;
/** Bytes of chunks in one insert: below the 48 MB a server takes in one message. */
const INSERT_BYTES = 16 * 1024 * 1024;

/** Collections of a bucket. */
interface Bucket {
  files: keyof typeof COLLECTION;
  chunks: keyof typeof COLLECTION;
}
const WAVEFORMS: Bucket = { files: 'files', chunks: 'chunks' };
export const ORIGINALS: Bucket = { files: 'originalFiles', chunks: 'originalChunks' };

/** `_id` of a file: with a real time, as an `_id` that the driver makes, and the same for a write that is repeated. */
export function fileIdAt(atMs: number, filename: string, bytes: Uint8Array): ObjectId {
  return contentId(atMs, filename, bytes);
}

/**
 * Writes one file; the same id twice leaves one file.
 * @param fileId names the content
 */
export async function writeFile(
  context: Context,
  filename: string,
  bytes: Uint8Array,
  metadata: Document,
  uploadedMs: number,
  fileId: ObjectId,
  bucket: Bucket = WAVEFORMS,
): Promise<void> {
  // Without its unique index the chunks of a first try would be there twice.
  if (context.plain.has(COLLECTION[bucket.chunks])) {
    if (await mapped('look for a file', () => collection(context, bucket.files).findOne({ _id: fileId })))
      return;
    await deleteFiles(context, [fileId], bucket);
  }
  const chunks: Document[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const data = new Binary(bytes.subarray(at, at + CHUNK_BYTES));
    chunks.push({ _id: new ObjectId(), files_id: fileId, n: int32(chunks.length), data });
  }
  const atOnce = Math.max(1, Math.floor(INSERT_BYTES / CHUNK_BYTES));
  for (let at = 0; at < chunks.length; at += atOnce) {
    await insertNew(context, bucket.chunks, chunks.slice(at, at + atOnce), `write the data of ${filename}`);
  }
  const file = {
    _id: fileId,
    length: int64(bytes.length),
    chunkSize: int32(CHUNK_BYTES),
    uploadDate: new Date(uploadedMs),
    filename,
    metadata,
  };
  await insertNew(context, bucket.files, [file], `write the file ${filename}`);
}

/** Inserts documents, those that are already there left as they are. */
async function insertNew(
  context: Context,
  name: keyof typeof COLLECTION,
  documents: Document[],
  doing: string,
): Promise<void> {
  await mapped(doing, async () => {
    try {
      await collection(context, name).insertMany(documents, { ordered: false });
    } catch (error) {
      if (!onlyDuplicates(error)) throw error;
    }
  });
}

function onlyDuplicates(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError)) return serverCode(error) === DUPLICATE_KEY;
  const failures = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  if (error.result.getWriteConcernError() !== undefined) return false;
  return failures.length > 0 && failures.every((failure) => failure.code === DUPLICATE_KEY);
}

/** The newest file of this name, whole, or undefined. */
export async function readFile(context: Context, filename: string): Promise<Buffer | undefined> {
  return await mapped(`read the file ${filename}`, async () => {
    const file = await collection(context, 'files').findOne({ filename }, { sort: { uploadDate: -1 } });
    return file === null ? undefined : await contentOf(context, file, WAVEFORMS);
  });
}

/** The file with this id and its name. */
export async function readById(
  context: Context,
  fileId: ObjectId,
  bucket: Bucket,
): Promise<{ name: string; bytes: Buffer } | undefined> {
  return await mapped('read a file', async () => {
    const file = await collection(context, bucket.files).findOne({ _id: fileId });
    return file === null
      ? undefined
      : { name: String(file.filename), bytes: await contentOf(context, file, bucket) };
  });
}

async function contentOf(context: Context, file: Document, bucket: Bucket): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const chunks = collection(context, bucket.chunks).find({ files_id: file._id }).sort({ n: 1 });
  for await (const chunk of chunks) {
    if (numberOf(chunk.n) !== parts.length) break;
    parts.push(bytesOf(chunk.data));
  }
  const whole = Buffer.concat(parts);
  if (whole.length !== numberOf(file.length)) {
    throw new MakaiError(
      'STORE_DAMAGED',
      `the file ${file.filename} has ${whole.length} of ${numberOf(file.length)} bytes`,
      { hint: 'Chunks are missing: another program or a restored backup left the file incomplete.' },
    );
  }
  return whole;
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Binary) return data.buffer.subarray(0, data.position);
  return data instanceof Uint8Array ? data : new Uint8Array();
}

/** Ids of the files of these names. */
export async function fileIds(context: Context, filenames: readonly string[]): Promise<unknown[]> {
  const files = await mapped('look for files', () =>
    collection(context, 'files')
      .find({ filename: { $in: [...filenames] } }, { projection: { _id: 1 } })
      .toArray(),
  );
  return files.map((file) => file._id);
}

/** Deletes files by id: chunks first, so that what a crash leaves can still be found by its file and deleted again. */
export async function deleteFiles(
  context: Context,
  ids: readonly unknown[],
  bucket: Bucket = WAVEFORMS,
): Promise<void> {
  if (ids.length === 0) return;
  await mapped('delete files', async () => {
    await collection(context, bucket.chunks).deleteMany({ files_id: { $in: [...ids] } });
    await collection(context, bucket.files).deleteMany({ _id: { $in: [...ids] as ObjectId[] } });
  });
}

/** Deletes files of this name other than this one: what a crash left of another reply. */
export async function deleteOthers(context: Context, filename: string, keep: ObjectId): Promise<void> {
  const ids = await fileIds(context, [filename]);
  await deleteFiles(
    context,
    ids.filter((id) => !(id instanceof ObjectId && id.equals(keep))),
  );
}
