/** Decides whether a message of the measurement stream is accepted, and decodes it into its row of columns on the way. */
import type { Clock } from '../../common/clock.js';
import type { Rejections } from '../../common/rejections.js';
import type { MeasurementColumns } from '../../proto/columns.js';
import { decodeInto, STREAM_OK, STREAM_REASONS } from '../../proto/stream-decoder.js';
import type { TimeDrop } from '../box-health/measures.js';
import type { StreamHealth } from '../box-health/stream-health.js';
import type { BoxTable } from './box-table.js';
import type { IdReason, RefusedIds } from './refused-ids.js';

/** How far ahead of our clock a measurement may be, and how old. */
export const MAX_AHEAD_MS = 5 * 60_000;
export const MAX_AGE_MS = 24 * 3_600_000;
/** Longest payload that is decoded; a measurement of either box takes less than 200 bytes. */
export const MAX_PAYLOAD_BYTES = 65_536;

const ZERO = 0x30;
/** Digits of the longest box id, with zeros that a topic may be padded with. */
const MAX_TOPIC = 20;

export interface ValidatorOptions {
  boxes: BoxTable;
  health: StreamHealth;
  rejections: Rejections;
  refusedIds: RefusedIds;
  /** ids that may send, as they are at each message; undefined: all */
  knownIds?: ReadonlySet<number> | undefined;
}

export class MeasurementValidator {
  readonly #boxes: BoxTable;
  readonly #health: StreamHealth;
  readonly #rejections: Rejections;
  readonly #refusedIds: RefusedIds;
  readonly #knownIds: ReadonlySet<number> | undefined;
  /** Unix ms, and ms of a clock that never jumps; as of the last call of `setTime` */
  #nowMs = 0;
  #clockMs = 0;

  constructor({ boxes, health, knownIds, refusedIds, rejections }: ValidatorOptions) {
    this.#boxes = boxes;
    this.#health = health;
    this.#rejections = rejections;
    this.#refusedIds = refusedIds;
    this.#knownIds = knownIds;
  }

  /** Our clock at the last `setTime`, Unix ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Reads the clock; called once for many messages. */
  setTime(clock: Pick<Clock, 'now' | 'monotonic'>): void {
    this.#nowMs = clock.now();
    this.#clockMs = clock.monotonic();
  }

  /**
   * Decodes the message into row `row`.
   * @returns the box's slot, or -1 for a message that was dropped and counted
   */
  accept(frames: readonly Uint8Array[], columns: MeasurementColumns, row: number): number {
    const [topic, payload] = frames;
    if (frames.length !== 2 || !topic || !payload) return this.#drop('wrong_frame_count', topic);
    if (payload.length > MAX_PAYLOAD_BYTES) return this.#drop('frame_too_long', topic);
    const code = decodeInto(payload, columns, row);
    if (code !== STREAM_OK) return this.#drop(STREAM_REASONS[code] ?? 'malformed_measurement', topic);
    const boxId = columns.boxId[row] ?? 0;
    // proto3 leaves a 0 out: the topic of box 0 must say so too (`0`, `0000`).
    if (numberIn(topic) !== boxId) return this.#dropId('topic_mismatch', topic, boxId);
    if (this.#knownIds?.has(boxId) === false) return this.#dropId('unknown_box', topic, boxId);
    const time = columns.timestampMs[row] ?? 0;
    const slot = this.#boxes.slotOf(boxId);
    if (slot < 0) return this.#drop('box_table_full', topic);
    if (time > this.#nowMs + MAX_AHEAD_MS)
      return this.#dropTime('time_in_the_future', slot, boxId, topic, time);
    if (time < this.#nowMs - MAX_AGE_MS) return this.#dropTime('time_too_old', slot, boxId, topic, time);
    if (!this.#boxes.withinRate(slot, this.#clockMs)) {
      this.#health.tooMany(slot, this.#nowMs);
      return this.#drop('too_many_measurements', topic);
    }
    this.#boxes.count(slot, topic.length + payload.length, this.#nowMs);
    return slot;
  }

  /** The clock of the box is wrong: its health shows it. */
  #dropTime(reason: TimeDrop, slot: number, boxId: number, topic: Uint8Array, timeMs: number): -1 {
    this.#boxes.seen(slot, this.#nowMs);
    this.#health.outOfTime(slot, boxId, reason, timeMs, this.#nowMs);
    return this.#drop(reason, topic, timeMs);
  }

  /** The sender may not use this id: recorded by id, since it may be one among many. */
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

/** The number that a topic is in decimal, padded with zeros or not; -1 for any other topic. */
function numberIn(topic: Uint8Array): number {
  if (topic.length === 0 || topic.length > MAX_TOPIC) return -1;
  let value = 0;
  for (const byte of topic) {
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = 10 * value + digit;
  }
  return value;
}
