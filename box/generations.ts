/** The generations of boxes that can be simulated. To add one: a file beside `box2.ts` and `box3.ts`, and an entry here. */
import { BOX2_HABITS, Box2, type Box2Habits, replayAsBox2 } from './box2.js';
import { BOX3_HABITS, Box3, type Box3Habits, replayAsBox3 } from './box3.js';
import type { BoxState, Dialect, Frames, ReplayRow } from './frames.js';

/** 2: `opq.proto`; 3: `opqbox3.proto` */
export type Generation = 2 | 3;

/** Habits that differ from those of a box as shipped. */
export interface HabitOptions {
  box2?: Partial<Box2Habits>;
  box3?: Partial<Box3Habits>;
}

interface GenerationInfo {
  /** cycles in the buffer of a box as shipped: one hour or less */
  bufferCycles: number;
  dialect(state: BoxState, options: HabitOptions): Dialect;
  /** The message for a recorded measurement. */
  replay(row: ReplayRow, timestampMs: number): Frames;
}

export const GENERATIONS: Readonly<Record<Generation, GenerationInfo>> = {
  2: {
    bufferCycles: 216_000,
    dialect: (state, { box2 }) => new Box2(state, { ...BOX2_HABITS, ...box2 }),
    replay: replayAsBox2,
  },
  3: {
    bufferCycles: 3000,
    dialect: (state, { box3 }) => new Box3(state, { ...BOX3_HABITS, ...box3 }),
    replay: replayAsBox3,
  },
};
