/** Decides whether a message of the triggering stream is taken, and decodes it into its row of columns on the way. */
import type { Rejections } from '../../common/rejections.js';
import type { MeasurementColumns } from '../../proto/columns.js';
import { decodeInto, STREAM_OK, STREAM_REASONS } from '../../proto/stream-decoder.js';
import type { BoxTable } from './box-table.js';
import type { CertifiedIds } from './certified-ids.js';
import type { IdReason, RefusedIds } from './refused-ids.js';

/** How far ahead of our clock a measurement may be, and how old. */
export const MAX_AHEAD_MS = 5 * 60_000;
export const MAX_AGE_MS = 24 * 3_600_000;

const ZERO = 0x30;
/** Digits of the longest box id, with what zeros a topic may be padded with. */
const MAX_TOPIC = 20;

export interface JudgeOptions {
  boxes: BoxTable;
  rejections: Rejections;
  refusedIds: RefusedIds;
  /** longest payload that is looked at */
  maxBytes: number;
  /** ids that may send; undefined: all */
  certified?: Pick<CertifiedIds, 'has'> | undefined;
}

export class Judge {
  readonly #boxes: BoxTable;
  readonly #rejections: Rejections;
  readonly #refusedIds: RefusedIds;
  readonly #maxBytes: number;
  readonly #certified: Pick<CertifiedIds, 'has'> | undefined;
  /** Unix ms, and a clock that only goes forward; as of the last call of `setTime` */
  #nowMs = 0;
  #clockMs = 0;

  constructor({ boxes, certified, maxBytes, refusedIds, rejections }: JudgeOptions) {
    this.#boxes = boxes;
    this.#rejections = rejections;
    this.#refusedIds = refusedIds;
    this.#maxBytes = maxBytes;
    this.#certified = certified;
  }

  /** What time it is; called once for many messages. */
  setTime(nowMs: number, clockMs: number): void {
    this.#nowMs = nowMs;
    this.#clockMs = clockMs;
  }

  /**
   * Decodes the message into row `row`.
   * @returns the box's slot, or -1 for a message that was dropped and counted
   */
  take(parts: readonly Uint8Array[], columns: MeasurementColumns, row: number): number {
    const [topic, payload] = parts;
    if (parts.length !== 2 || !topic || !payload) return this.#drop('parts', topic);
    if (payload.length > this.#maxBytes) return this.#drop('too long', topic);
    const code = decodeInto(payload, columns, row);
    if (code !== STREAM_OK) return this.#drop(STREAM_REASONS[code] ?? 'malformed', topic);
    const boxId = columns.boxId[row] ?? 0;
    if (boxId === 0 || numberIn(topic) !== boxId) return this.#dropId('topic is not the id', topic, boxId);
    if (this.#certified !== undefined && !this.#certified.has(boxId))
      return this.#dropId('no certificate', topic, boxId);
    const time = columns.timestampMs[row] ?? 0;
    if (time > this.#nowMs + MAX_AHEAD_MS) return this.#drop('time ahead', topic, time);
    if (time < this.#nowMs - MAX_AGE_MS) return this.#drop('time too old', topic, time);
    const slot = this.#boxes.slotOf(boxId);
    if (slot < 0) return this.#drop('too many boxes', topic);
    if (!this.#boxes.withinRate(slot, this.#clockMs)) return this.#drop('rate', topic);
    this.#boxes.count(slot, topic.length + payload.length, this.#nowMs);
    return slot;
  }

  /** The id is not the sender's to use: told by id, since it may be one among many. */
  #dropId(reason: IdReason, topic: Uint8Array, boxId: number): -1 {
    this.#rejections.tally(reason);
    this.#refusedIds.add(reason, boxId, topic, this.#nowMs);
    return -1;
  }

  #drop(reason: string, topic: Uint8Array | undefined, detail?: number): -1 {
    const source =
      topic && Buffer.from(topic.buffer, topic.byteOffset, Math.min(topic.length, MAX_TOPIC)).toString();
    this.#rejections.count(reason, source, detail === undefined ? undefined : String(detail));
    return -1;
  }
}

/** The number a topic is in decimal, padded with zeros or not; -1 for any other topic. */
export function numberIn(topic: Uint8Array): number {
  if (topic.length === 0 || topic.length > MAX_TOPIC) return -1;
  let value = 0;
  for (const byte of topic) {
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = 10 * value + digit;
  }
  return value;
}
