/**
 * The health of the boxes that one thread receives. Every measurement is noted; every second a tenth of the boxes is looked at, so that the
 * work is spread. Which findings began and ended goes to the main thread (daemon/box-findings.ts).
 */
import type { FindingChange } from '../../common/box-findings.js';
import type { Clock } from '../../common/clock.js';
import type { MeasurementColumns } from '../../proto/columns.js';
import { BoxEvaluation } from './evaluation.js';
import { BoxMeasures, type TimeDrop } from './measures.js';
import type { BoxHealth } from './record.js';

const TURNS = 10;
/** The two clocks of this machine differ by more than this from one look to the next: it was set, ms. */
const OWN_STEP_MS = 1000;

export interface StreamHealthOptions {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  /** whether the record of the box says that it is not in use */
  isUnplugged(boxId: number): boolean;
  /** findings that began or ended */
  changed(changes: readonly FindingChange[]): void;
}

export class StreamHealth {
  readonly #options: StreamHealthOptions;
  readonly #measures = new BoxMeasures();
  readonly #boxes: (BoxEvaluation | undefined)[] = [];
  /** slots whose measurements plugins do not see */
  #withheld = new Uint8Array(0);
  #turn = 0;
  #skewMs: number | undefined;
  #withheldMeasurements = 0;

  constructor(options: StreamHealthOptions) {
    this.#options = options;
  }

  /** Measurements that plugins did not see, because their id is in use twice. */
  get withheldMeasurements(): number {
    return this.#withheldMeasurements;
  }

  /**
   * Notes an accepted measurement: row `row` of the columns.
   * @returns false where plugins must not see it: its id is in use twice
   */
  note(slot: number, columns: MeasurementColumns, row: number, nowMs: number): boolean {
    this.#measures.note(slot, columns, row, nowMs);
    if (this.#boxes[slot] === undefined) this.#add(slot, columns.boxId[row] ?? 0, nowMs);
    if (this.#withheld[slot] !== 1) return true;
    this.#measures.withheld(slot);
    this.#withheldMeasurements += 1;
    return false;
  }

  /** Notes a measurement that was dropped for its time. */
  outOfTime(slot: number, boxId: number, reason: TimeDrop, timeMs: number, nowMs: number): void {
    this.#measures.outOfTime(slot, reason, timeMs, nowMs);
    if (this.#boxes[slot] === undefined) this.#add(slot, boxId, nowMs);
  }

  /** Notes a measurement that was dropped because its box sends too many. */
  tooMany(slot: number, nowMs: number): void {
    this.#measures.dropped(slot, 'too_many_measurements', nowMs);
  }

  /** Looks at a tenth of the boxes; to be called once a second. */
  evaluate(): void {
    const nowMs = this.#options.clock.now();
    this.#watchOwnClock(nowMs);
    const changes: FindingChange[] = [];
    for (let slot = this.#turn; slot < this.#boxes.length; slot += TURNS) {
      const box = this.#boxes[slot];
      if (box === undefined) continue;
      changes.push(...box.evaluate(nowMs, this.#options.isUnplugged(box.boxId)));
      this.#withheld[slot] = box.conditions.has('ID_IN_USE_TWICE') ? 1 : 0;
    }
    this.#turn = (this.#turn + 1) % TURNS;
    if (changes.length > 0) this.#options.changed(changes);
  }

  /** The slot may get another box. */
  forget(slot: number): void {
    const box = this.#boxes[slot];
    if (box === undefined) return;
    const ended = box.conditions.end(this.#options.clock.now());
    if (ended.length > 0) this.#options.changed(ended.map((change) => ({ boxId: box.boxId, ...change })));
    this.#boxes[slot] = undefined;
    this.#withheld[slot] = 0;
    this.#measures.forget(slot);
  }

  /** @param boxId only this one */
  *records(boxId?: number): Generator<BoxHealth> {
    const nowMs = this.#options.clock.now();
    for (const box of this.#boxes) {
      if (box === undefined || (boxId !== undefined && box.boxId !== boxId)) continue;
      const stream = box.stream(nowMs, this.#options.isUnplugged(box.boxId));
      yield { box_id: String(box.boxId), findings: box.findings, stream };
    }
  }

  #add(slot: number, boxId: number, nowMs: number): void {
    if (slot >= this.#withheld.length) {
      const more = new Uint8Array(Math.max(256, 2 * slot + 1));
      more.set(this.#withheld);
      this.#withheld = more;
    }
    while (this.#boxes.length < slot) this.#boxes.push(undefined);
    this.#boxes[slot] = new BoxEvaluation(boxId, slot, this.#measures, nowMs);
  }

  #watchOwnClock(nowMs: number): void {
    const skewMs = nowMs - this.#options.clock.monotonic();
    const wasSet = this.#skewMs !== undefined && Math.abs(skewMs - this.#skewMs) > OWN_STEP_MS;
    this.#skewMs = skewMs;
    if (wasSet) for (const box of this.#boxes) box?.ownClockSet();
  }
}
