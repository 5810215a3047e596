/** A recording as the calls of a host: batches of what came within a tenth of a second, and a tick a second. */
import type { MeasuredFrame } from '../../box/index.js';
import { createColumns, type MeasurementColumns } from '../../proto/columns.js';
import { decodeInto, STREAM_REASONS } from '../../proto/stream-decoder.js';
import { References } from '../../store/reference.js';
import { Flagger } from '../../stream/flags.js';
import { MAX_BATCH } from '../../stream/ring.js';

/** `columns` are only valid until the next step; times are of the recording's clock, Unix ms. */
export type Step =
  | { kind: 'batch'; columns: MeasurementColumns; nowMs: number }
  | { kind: 'tick'; nowMs: number };

const BATCH_MS = 100;
const TICK_MS = 1000;
/** Seconds of silence after the end, so that a plugin closes what is open; a longer gap within a recording is cut to this. */
const SILENCE_S = 65;

/**
 * @param frames in order of time
 * @param references of the boxes: measurements are flagged as in the daemon
 * @throws Error for a frame that the daemon would refuse
 */
export function* stepsOf(frames: Iterable<MeasuredFrame>, references = new References()): Generator<Step> {
  const flagger = new Flagger(references);
  const slots = new Map<number, number>();
  const columns = createColumns(MAX_BATCH);
  let nowMs = Number.NaN;
  let batchMs = 0;
  let tickMs = 0;
  const flush = function* (): Generator<Step> {
    if (columns.count > 0) yield { kind: 'batch', columns, nowMs };
    columns.count = 0;
  };
  const silence = function* (untilMs: number): Generator<Step> {
    for (let s = 0; s < SILENCE_S && tickMs <= untilMs; s++, tickMs += TICK_MS)
      yield { kind: 'tick', nowMs: tickMs };
    if (tickMs <= untilMs) tickMs = untilMs + TICK_MS;
  };
  for (const { timeMs, frame } of frames) {
    if (Number.isNaN(nowMs)) tickMs = timeMs + TICK_MS;
    if (columns.count === MAX_BATCH || timeMs - batchMs >= BATCH_MS) {
      yield* flush();
      batchMs = timeMs;
    }
    if (timeMs >= tickMs) {
      yield* flush();
      yield* silence(timeMs);
    }
    nowMs = timeMs;
    const refused = decodeInto(frame, columns, columns.count);
    if (refused !== 0)
      throw new Error(`a measurement of the recording is refused: ${STREAM_REASONS[refused]}`);
    const boxId = columns.boxId[columns.count] ?? 0;
    const slot = slots.get(boxId) ?? slots.size;
    slots.set(boxId, slot);
    flagger.judge(columns, columns.count, slot);
    columns.count += 1;
  }
  yield* flush();
  if (!Number.isNaN(nowMs)) yield* silence(nowMs + SILENCE_S * TICK_MS);
}
