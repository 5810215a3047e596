/** What a box would have measured of a source, as the messages it would have sent: without sockets, as fast as it can be computed. */
import { analysisOf } from './analysis.js';
import { BOX2_HABITS, Box2 } from './box2.js';
import { BOX3_HABITS, Box3 } from './box3.js';
import { CycleBuffer } from './buffer.js';
import type { BoxState } from './frames.js';
import type { CycleSource } from './sources/source.js';

export interface MeasureOptions {
  boxId: number;
  /** 2: 6 a second; 3: one a second, with min and max cycle */
  dialect: 2 | 3;
  /** when cycle 0 begins, Unix ms */
  startMs: number;
}

/** A measurement as it goes on the wire. */
export interface MeasuredFrame {
  /** when the box sends it, Unix ms */
  timeMs: number;
  frame: Uint8Array;
}

/** All measurements of one pass over the source; a rest shorter than a measurement's window is left out. */
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
    if (frame instanceof Uint8Array) yield { timeMs: buffer.timestamp(last), frame };
  }
}
