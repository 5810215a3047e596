/** What the dialects need to know of the box they speak for. */
import type { Waveform } from '../proto/index.js';
import type { CycleAnalysis } from './analysis.js';
import type { CycleBuffer } from './buffer.js';
import { SAMPLES_PER_CYCLE } from './sources/source.js';

export type Frames = (Uint8Array | string)[];

/** The box as its dialect sees it. */
export interface BoxState {
  readonly id: number;
  readonly buffer: CycleBuffer;
  readonly analysis: CycleAnalysis;
  /** its clock, Unix ms, whole */
  now(): number;
  /** when it was switched on, Unix ms */
  readonly startedMs: number;
  /** Z85 */
  readonly publicKey: string;
}

/** What becomes of a message from the broker. */
export type Answer =
  | { kind: 'reply'; frames: Frames }
  /** not for this box, or not understood: no answer */
  | { kind: 'ignored'; reason: string }
  /** what the program of existing boxes does not survive */
  | { kind: 'killed'; reason: string };

/** The habits of one generation of boxes. */
export interface Dialect {
  /** what it subscribes to on `box_pub` */
  readonly subscription: string;
  /** how often it looks for commands, ms; 0: immediately */
  readonly pollMs: number;
  /** Number of the cycle with which the next measurement message is complete. */
  nextMessageCycle(): number;
  /** The message that is complete with `nextMessageCycle()`; goes on to the next. */
  message(): Frames;
  answer(frames: readonly Uint8Array[]): Answer;
  /** When it reopens its command sockets. */
  readonly renewal: Renewal;
}

export interface Renewal {
  /** reopen after so many ms without a message, counted from the last message or since the opening */
  afterMs: number;
  /** true: a message starts the count again (Box 2); false: silence adds up between messages (Box 3) */
  resetByMessage: boolean;
  /** the socket for replies too */
  alsoReplies: boolean;
}

/** Timestamps and counts of the cycles from `first` up to, not including, `end`. */
export function waveformOf(box: BoxState, first: number, end: number): Waveform {
  const length = Math.max(0, end - first);
  const timesMs = Array.from({ length }, (_, i) => box.buffer.timestamp(first + i));
  return {
    timesMs,
    cycleLengths: timesMs.map(() => SAMPLES_PER_CYCLE),
    samples: box.analysis.samples(first, length),
  };
}
