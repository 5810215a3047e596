/**
 * How far the clock of each box is off, from the times in its measurements and when they arrive. A measurement is some time on its way, and its time is older than that by what the
 * generation of the box adds, so a difference says only between which bounds the clock is off. A clock that may be right within these bounds is taken as right.
 */
import type { Clock } from '../../common/clock.js';
import { clockOffset } from '../../common/clock-offset.js';
import { RecentMap } from '../../common/recent-map.js';
import { createColumns, DIALECTS, decodeInto } from '../../proto/index.js';
import { type ClockError, type Clocks, errorAt, type MeasuredClock } from './clocks.js';

/** Boxes that are remembered; a peer can invent ids, so the one that was sampled longest ago is forgotten. */
const MOST_BOXES = 20_000;
const SAMPLE_MS = 2_000;
const SAMPLES = 16;
/** Fewer samples decide nothing. */
const FEW_SAMPLES = 8;
/** Samples that differ by more show a clock that was set, or a queue that is delivered late: the offset is not known, ms. */
const MOST_SPREAD_MS = 500;
/** The two clocks of this machine drift apart by more than this: it was set, and samples taken before mean nothing, ms. */
const OWN_STEP_MS = 100;

interface Sampled {
  offsets: Float64Array;
  taken: number;
  /** monotonic ms */
  nextMs: number;
  /** Unix ms, our clock */
  lastMs: number;
  ageMs: { readonly min: number; readonly max: number };
}

export class BoxClocks implements Clocks {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #boxes: RecentMap<string, Sampled>;
  readonly #columns = createColumns(1);
  /** Unix time minus monotonic time, ms */
  #skewMs: number | undefined;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>, most = MOST_BOXES) {
    this.#clock = clock;
    this.#boxes = new RecentMap(most);
  }

  /** Takes a message of the stream; every two seconds one of a box is decoded. A message that is no measurement counts for nothing. */
  heard(boxId: string, frame: Uint8Array): void {
    const monotonicMs = this.#clock.monotonic();
    const known = this.#boxes.get(boxId);
    if (known !== undefined && monotonicMs < known.nextMs) return;
    if (decodeInto(frame, this.#columns, 0) !== 0) return;
    const nowMs = this.#clock.now();
    this.#watchOwnClock(nowMs - monotonicMs);
    const dialect = DIALECTS.find(({ stream }) => stream.number === this.#columns.dialect[0]);
    if (dialect === undefined || this.#columns.boxId[0] !== Number(boxId)) return;
    const sampled = this.#boxes.use(boxId, () => ({
      offsets: new Float64Array(SAMPLES),
      ...{ taken: 0, nextMs: 0, lastMs: 0, ageMs: dialect.stream.ageMs },
    }));
    sampled.offsets[sampled.taken % SAMPLES] = (this.#columns.timestampMs[0] ?? Number.NaN) - nowMs;
    sampled.taken += 1;
    sampled.nextMs = monotonicMs + SAMPLE_MS;
    sampled.lastMs = nowMs;
    sampled.ageMs = dialect.stream.ageMs;
  }

  of(boxId: string, at: { boxMs: number } | { ourMs: number }): ClockError | undefined {
    return errorAt(this.measured(boxId), at);
  }

  /** What is known of its clock now; undefined: it is right, or nothing is. */
  measured(boxId: string): MeasuredClock | undefined {
    const sampled = this.#boxes.get(boxId);
    if (sampled === undefined || sampled.taken < FEW_SAMPLES) return undefined;
    const { ageMs, lastMs, offsets, taken } = sampled;
    const { medianMs, spreadMs } = clockOffset(offsets.subarray(0, Math.min(taken, SAMPLES)));
    if (!(spreadMs <= MOST_SPREAD_MS)) return undefined;
    const lowMs = medianMs + ageMs.min - spreadMs / 2;
    const highMs = medianMs + ageMs.max + spreadMs / 2;
    if (lowMs <= 0 && highMs >= 0) return undefined;
    return { offsetMs: (lowMs + highMs) / 2, uncertaintyMs: (highMs - lowMs) / 2, measuredMs: lastMs };
  }

  #watchOwnClock(skewMs: number): void {
    if (this.#skewMs !== undefined && Math.abs(skewMs - this.#skewMs) > OWN_STEP_MS) this.#boxes.clear();
    this.#skewMs = skewMs;
  }
}
