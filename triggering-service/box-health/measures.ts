/**
 * What is noted of each box while its measurements come in: a few numbers under the box's slot (ingest/box-table.ts), its last times and its
 * last clock offsets. This runs for every measurement, so it only writes numbers; evaluation.ts looks at them every ten seconds. Memory per
 * box: 1 kB.
 */
import type { MeasurementColumns } from '../../proto/columns.js';
import { grown } from '../ingest/box-table.js';

/** Numbers of one box, by their place. Written out, so that the compiler knows each place. */
const AT = {
  /** the last time that it sent, the number of times in a row, and when it first came by our clock */
  lastTimeMs: 0,
  sameTime: 1,
  changedMs: 2,
  /** when anything of it came, also what was dropped, by our clock */
  heardMs: 3,
  /** when the next clock offset is taken, by our clock */
  nextSampleMs: 4,
  samples: 5,
  /** box times put into `times` */
  times: 6,
  /** values of the last measurement */
  rms: 7,
  frequency: 8,
  flags: 9,
  /** since the box was first heard */
  measurements: 10,
  repeated: 11,
  duplicates: 12,
  invalid: 13,
  flagged: 14,
  jumps: 15,
  withheld: 16,
  time_in_the_future: 17,
  time_too_old: 18,
  too_many_measurements: 19,
} as const;
export type Measure = keyof typeof AT;
const FIELDS = Object.keys(AT) as Measure[];
const PER_BOX = FIELDS.length;

export const TIMES = 64;
export const OFFSETS = 32;
/** Between two samples of a box's clock offset. */
export const SAMPLE_MS = 2000;
/** The grid's frequency does not change by this much from one measurement to the next, Hz. */
const JUMP_HZ = 1;

export type TimeDrop = 'time_in_the_future' | 'time_too_old';

export class BoxMeasures {
  #numbers = new Float64Array(0);
  #times = new Float64Array(0);
  #offsets = new Float64Array(0);
  #capacity = 0;

  /** Notes an accepted measurement: row `row` of the columns. @param nowMs our clock, Unix ms */
  note(slot: number, columns: MeasurementColumns, row: number, nowMs: number): void {
    if (slot >= this.#capacity) this.#grow(slot);
    const numbers = this.#numbers;
    const box = PER_BOX * slot;
    const time = columns.timestampMs[row] ?? 0;
    const rms = columns.rms.average[row] ?? 0;
    const frequency = columns.f.average[row] ?? 0;
    numbers[box + AT.heardMs] = nowMs;
    numbers[box + AT.measurements] = (numbers[box + AT.measurements] ?? 0) + 1;
    if (columns.invalid[row] !== 0) numbers[box + AT.invalid] = (numbers[box + AT.invalid] ?? 0) + 1;
    const changed = Math.abs(frequency - (numbers[box + AT.frequency] ?? 0));
    // During a sag or an interruption the frequency means nothing.
    const flags = columns.flags[row] ?? 0;
    if (flags !== 0) numbers[box + AT.flagged] = (numbers[box + AT.flagged] ?? 0) + 1;
    else if (changed > JUMP_HZ && numbers[box + AT.times] !== 0 && numbers[box + AT.flags] === 0)
      numbers[box + AT.jumps] = (numbers[box + AT.jumps] ?? 0) + 1;
    if (time === numbers[box + AT.lastTimeMs]) {
      numbers[box + AT.sameTime] = (numbers[box + AT.sameTime] ?? 0) + 1;
      // Values that are not there are NaN in both.
      const isSame =
        Object.is(numbers[box + AT.rms], rms) && Object.is(numbers[box + AT.frequency], frequency);
      const count = box + (isSame ? AT.duplicates : AT.repeated);
      numbers[count] = (numbers[count] ?? 0) + 1;
      if (isSame) return;
    } else {
      numbers[box + AT.lastTimeMs] = time;
      numbers[box + AT.sameTime] = 1;
      numbers[box + AT.changedMs] = nowMs;
      if (nowMs >= (numbers[box + AT.nextSampleMs] ?? 0)) this.#sample(slot, time, nowMs);
    }
    numbers[box + AT.rms] = rms;
    numbers[box + AT.frequency] = frequency;
    numbers[box + AT.flags] = flags;
    const at = numbers[box + AT.times] ?? 0;
    this.#times[TIMES * slot + (at % TIMES)] = time;
    numbers[box + AT.times] = at + 1;
  }

  /** Notes a measurement that was dropped for its time: the box's clock is seen in it all the same. */
  outOfTime(slot: number, reason: TimeDrop, timeMs: number, nowMs: number): void {
    this.dropped(slot, reason, nowMs);
    const isNew = timeMs !== this.get(slot, 'lastTimeMs');
    this.#set(slot, 'lastTimeMs', timeMs);
    this.#set(slot, 'sameTime', isNew ? 1 : this.get(slot, 'sameTime') + 1);
    if (!isNew) return;
    this.#set(slot, 'changedMs', nowMs);
    if (nowMs >= this.get(slot, 'nextSampleMs')) this.#sample(slot, timeMs, nowMs);
  }

  /** Notes a measurement that was dropped. */
  dropped(slot: number, reason: TimeDrop | 'too_many_measurements', nowMs: number): void {
    if (slot >= this.#capacity) this.#grow(slot);
    this.#set(slot, 'heardMs', nowMs);
    this.#set(slot, reason, this.get(slot, reason) + 1);
  }

  withheld(slot: number): void {
    this.#set(slot, 'withheld', this.get(slot, 'withheld') + 1);
  }

  get(slot: number, measure: Measure): number {
    return this.#numbers[PER_BOX * slot + AT[measure]] ?? 0;
  }

  /** All numbers of the box. */
  counts(slot: number): Record<Measure, number> {
    return Object.fromEntries(FIELDS.map((field) => [field, this.get(slot, field)])) as Record<
      Measure,
      number
    >;
  }

  /** The last times of the box in the order in which they came, at most TIMES. */
  times(slot: number): Float64Array {
    return lastOf(this.#times, TIMES, slot, this.get(slot, 'times'));
  }

  /** The last samples of its clock offset, ms, oldest first, at most OFFSETS. */
  offsets(slot: number): Float64Array {
    return lastOf(this.#offsets, OFFSETS, slot, this.get(slot, 'samples'));
  }

  /** Forgets all but the newest samples of the clock offset: the others were taken before the clock was set. */
  keepOffsets(slot: number, newest: number): void {
    const kept = newest === 0 ? new Float64Array(0) : this.offsets(slot).slice(-newest);
    this.#offsets.set(kept, OFFSETS * slot);
    this.#set(slot, 'samples', kept.length);
  }

  /** Another box gets the slot. */
  forget(slot: number): void {
    if (slot < this.#capacity) this.#numbers.fill(0, PER_BOX * slot, PER_BOX * (slot + 1));
  }

  #sample(slot: number, timeMs: number, nowMs: number): void {
    const at = this.get(slot, 'samples');
    this.#offsets[OFFSETS * slot + (at % OFFSETS)] = timeMs - nowMs;
    this.#set(slot, 'samples', at + 1);
    this.#set(slot, 'nextSampleMs', nowMs + SAMPLE_MS);
  }

  #set(slot: number, measure: Measure, value: number): void {
    this.#numbers[PER_BOX * slot + AT[measure]] = value;
  }

  #grow(slot: number): void {
    this.#capacity = Math.max(256, 2 * this.#capacity, slot + 1);
    this.#numbers = grown(this.#numbers, PER_BOX * this.#capacity);
    this.#times = grown(this.#times, TIMES * this.#capacity);
    this.#offsets = grown(this.#offsets, OFFSETS * this.#capacity);
  }
}

/** What a ring of `size` numbers holds, oldest first, after `count` were put in. */
function lastOf(rings: Float64Array, size: number, slot: number, count: number): Float64Array {
  const ring = rings.subarray(size * slot, size * (slot + 1));
  if (count <= size) return ring.slice(0, count);
  const oldest = count % size;
  const inOrder = new Float64Array(size);
  inOrder.set(ring.subarray(oldest));
  inOrder.set(ring.subarray(0, oldest), size - oldest);
  return inOrder;
}
