/** The measurements that a box would send of a source, computed as fast as possible and without sockets. */
import { analysisOf } from './analysis.js';
import { BOX2_HABITS, Box2 } from './box2.js';
import { BOX3_HABITS, Box3 } from './box3.js';
import { CycleBuffer } from './buffer.js';
import type { BoxState } from './frames.js';
import type { CycleSource } from './sources/source.js';

export interface MeasureOptions {
  boxId: number;
  /** 2: six per second; 3: one per second, with min and max cycle */
  dialect: 2 | 3;
  /** when cycle 0 begins, Unix ms */
  startMs: number;
}

/** A measurement as it is sent. */
export interface MeasuredFrame {
  /** when the box sends it, Unix ms */
  timeMs: number;
  frame: Uint8Array;
}

/** All measurements of one pass over the source. A remainder shorter than a measurement's window is left out. */
export function* measure(source: CycleSource, options: MeasureOptions): Generator<MeasuredFrame> {
  const { boxId, dialect, startMs } = options;
  const buffer = new CycleBuffer(startMs, source.cycles);
  const state: BoxState = {
    id: boxId,
    buffer,
    analysis: analysisOf(source),
    now: () => startMs,
    startedMs: startMs,
    publicKey: '',
  };
  const habits = dialect === 2 ? new Box2(state, BOX2_HABITS) : new Box3(state, BOX3_HABITS);
  for (let last = habits.nextMessageCycle(); last < source.cycles; last = habits.nextMessageCycle()) {
    const frame = habits.message()[1];
    if (frame instanceof Uint8Array) yield { timeMs: buffer.timestampOf(last), frame };
  }
}
