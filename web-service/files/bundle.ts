/** The files of an exporter as one download: one file as it is, in pieces; several as a ZIP. */
import { yieldToEventLoop } from '../../common/yield.js';
import type { Chunk } from '../../formats/export/index.js';
import { ZipWriter } from './zip.js';

/** Bytes of the files of one download that are held at the same time. */
export const MAX_HELD_BYTES = 1_000_000_000;
const YIELD_MS = 25;

export type Chunks = AsyncIterable<Chunk> | Iterable<Chunk>;

/** One file, in pieces. @throws Error when there are several */
export async function* onePart(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let since = performance.now();
  for await (const { bytes } of chunks) {
    // Its memory is used again for the next piece, while this one may still wait to be sent.
    if (bytes.length > 0) yield Buffer.from(bytes);
    if (performance.now() - since < YIELD_MS) continue;
    await yieldToEventLoop();
    since = performance.now();
  }
}

/** All files as a ZIP. Pieces of several files may come in turn: a file is held until it is whole. */
export async function* zipped(chunks: Chunks, nowMs: number): AsyncGenerator<Uint8Array> {
  const zip = new ZipWriter(nowMs);
  const open = new Map<string, Uint8Array[]>();
  let held = 0;
  for await (const { bytes, file, last } of chunks) {
    const pieces = open.get(file) ?? [];
    if (bytes.length > 0) pieces.push(Buffer.from(bytes));
    open.set(file, pieces);
    held += bytes.length;
    if (held > MAX_HELD_BYTES) throw new RangeError(`the files are longer than ${MAX_HELD_BYTES} bytes`);
    if (!last) continue;
    open.delete(file);
    const whole = Buffer.concat(pieces);
    held -= whole.length;
    yield* zip.add(file, whole);
  }
  for (const [file, pieces] of open) yield* zip.add(file, Buffer.concat(pieces));
  yield* zip.finish();
}
