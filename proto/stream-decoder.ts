/**
 * The hot path of the triggering service: a frame of the triggering stream straight into a row of columns, without an object a
 * message and without exceptions. Equal to `decodeStream` in what it takes, what it refuses and what comes out (property tests).
 */
import type { MeasurementColumns, MetricColumns } from './columns.js';
import type { StreamDialect } from './dialect.js';
import { DIALECTS, UNMARKED_STREAM } from './dialects.js';
import { WireReader } from './wire-reader.js';

export * from './stream-codes.js';

/** By the tag of field 3, which is one byte. */
const BY_TAG: readonly (StreamDialect | undefined)[] = Array.from(
  { length: 256 },
  (_, tag) => DIALECTS.find(({ stream }) => stream.tag === tag)?.stream,
);

const reader = new WireReader();

/**
 * Decodes a frame into row `index` of the columns; `columns.count` is left alone. A metric that came as infinity or NaN is NaN
 * there, with its bit set in `invalid`. `flags` is 0: stream/flags.ts decides them.
 * @param index 0..capacity - 1
 * @returns 0, or a code above that indexes STREAM_REASONS; the row's content is then undefined
 */
export function decodeInto(frame: Uint8Array, columns: MeasurementColumns, index: number): number {
  clearMetrics(columns.f, index);
  clearMetrics(columns.rms, index);
  clearMetrics(columns.thd, index);
  clearMetrics(columns.trans, index);
  columns.invalid[index] = 0;
  columns.flags[index] = 0;
  reader.open(frame);
  const { decodeInto } = BY_TAG[thirdTag(frame)] ?? byAnyTag(frame);
  return decodeInto(reader, columns, index);
}

/** The tag after fields 1 and 2, which boxes send first; 0 when the frame begins otherwise. */
function thirdTag(frame: Uint8Array): number {
  if (frame[0] !== 0x08) return 0;
  let at = 1;
  while ((frame[at++] ?? 0) >= 0x80);
  if (frame[at++] !== 0x10) return 0;
  while ((frame[at++] ?? 0) >= 0x80);
  return frame[at] ?? 0;
}

/** Looks at all tags; a malformed frame may be anybody's. Leaves the reader at the frame's start. */
function byAnyTag(frame: Uint8Array): StreamDialect {
  let found: StreamDialect | undefined;
  while (reader.pos < reader.limit && found === undefined) {
    const tag = reader.tag();
    found = BY_TAG[tag];
    if (found === undefined) reader.skip(tag, 0);
  }
  reader.open(frame);
  return found ?? UNMARKED_STREAM.stream;
}

function clearMetrics(metric: MetricColumns, index: number): void {
  metric.min[index] = Number.NaN;
  metric.average[index] = Number.NaN;
  metric.max[index] = Number.NaN;
}
