/** The measurements that a box would send of a source, computed as fast as possible and without sockets. */
import { analysisOf } from './analysis.js';
import { CycleBuffer } from './buffer.js';
import type { BoxState } from './frames.js';
import { GENERATIONS, type Generation } from './generations.js';
import type { CycleSource } from './sources/source.js';

export interface MeasureOptions {
  boxId: number;
  /** 2: 6 a second; 3: one a second, with min and max cycle */
  dialect: Generation;
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
  const habits = GENERATIONS[dialect].dialect(state, {});
  for (let last = habits.nextMessageCycle(); last < source.cycles; last = habits.nextMessageCycle()) {
    const frame = habits.message()[1];
    if (frame instanceof Uint8Array) yield { timeMs: buffer.timestampOf(last), frame };
  }
}
