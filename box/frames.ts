/** The interface between a box and its dialect. */
import type { MetricValues, Waveform } from '../proto/index.js';
import type { CycleAnalysis } from './analysis.js';
import type { CycleBuffer } from './buffer.js';
import { SAMPLES_PER_CYCLE } from './sources/source.js';

export type Frames = (Uint8Array | string)[];

/** State of the box that its dialect uses. */
export interface BoxState {
  readonly id: number;
  readonly buffer: CycleBuffer;
  readonly analysis: CycleAnalysis;
  /** time of its clock, whole Unix ms */
  now(): number;
  /** when it was switched on, Unix ms */
  readonly startedMs: number;
  /** Z85 */
  readonly publicKey: string;
}

/** One measurement of one box. Hz, volts, a fraction. */
export interface ReplayRow {
  boxId: number;
  /** Unix ms in the recording */
  timeMs: number;
  f?: MetricValues;
  rms?: MetricValues;
  thd?: MetricValues;
  trans?: MetricValues;
}

/** How a box reacts to a message of the broker. */
export type Reaction =
  | { kind: 'reply'; frames: Frames }
  /** not for this box, or not understood: no reply */
  | { kind: 'ignored'; reason: string }
  /** the program of an existing box does not survive this message */
  | { kind: 'killed'; reason: string };

/** The habits of one generation of boxes. */
export interface Dialect {
  /** what it subscribes to on `box_pub` */
  readonly subscription: string;
  /** interval of polls for commands, ms; 0: commands are handled immediately */
  readonly pollMs: number;
  /** Number of the last cycle of the next measurement. */
  nextMessageCycle(): number;
  /** The measurement that ends with `nextMessageCycle()`. Then moves on to the next one. */
  message(): Frames;
  reactTo(frames: readonly Uint8Array[]): Reaction;
  /** When it reopens its command sockets. */
  readonly reopening: Reopening;
}

export interface Reopening {
  /** reopen after this many ms without a message, counted from the last message or from the opening */
  afterMs: number;
  /** true: a message restarts the count (Box 2); false: silent times between messages add up (Box 3) */
  restartedByMessage: boolean;
  /** reopen the socket for replies too */
  withReplies: boolean;
}

/** Timestamps and counts of the cycles from `first` up to but excluding `end`. */
export function waveformOf(box: BoxState, first: number, end: number): Waveform {
  const length = Math.max(0, end - first);
  const timesMs = Array.from({ length }, (_, i) => box.buffer.timestampOf(first + i));
  return {
    timesMs,
    cycleLengths: timesMs.map(() => SAMPLES_PER_CYCLE),
    samples: box.analysis.samples(first, length),
  };
}
