/** The habits of a Box 2 (docs/wire-protocols.md, 3.1). */

import { readAsBox2 } from '../proto/box2/habits.js';
import { encodeCycles2, triggerMessage } from '../proto/index.js';
import {
  type BoxState,
  type Dialect,
  type Frames,
  type Reaction,
  type ReplayRow,
  waveformOf,
} from './frames.js';
import { CYCLE_MS } from './sources/source.js';

export interface Box2Habits {
  /** cycles per measurement, TriggerMessage and DataMessage frame: 10, in older firmware 1 */
  cyclesPerMeasurement: number;
  /** ms between polls for commands */
  pollMs: number;
  /** ms without a message after which the SUB socket is reopened */
  silenceMs: number;
}

export const BOX2_HABITS: Box2Habits = { cyclesPerMeasurement: 10, pollMs: 500, silenceMs: 60_000 };

/** The counter of the microcontroller: 10 kHz. Its value is captured at the GPS pulse once per second. */
const COUNTER_HZ = 10_000;

export class Box2 implements Dialect {
  readonly subscription = '';
  readonly pollMs: number;
  readonly reopening;
  readonly #box: BoxState;
  readonly #cycles: number;
  /** number of the next measurement */
  #measurement = 0;

  constructor(box: BoxState, habits: Box2Habits) {
    this.#box = box;
    this.#cycles = habits.cyclesPerMeasurement;
    this.pollMs = habits.pollMs;
    this.reopening = { afterMs: habits.silenceMs, restartedByMessage: true, withReplies: false };
  }

  nextMessageCycle(): number {
    return (this.#measurement + 1) * this.#cycles - 1;
  }

  message(): Frames {
    const { id, buffer, analysis } = this.#box;
    const length = this.#cycles;
    const first = this.#measurement * length;
    const last = first + length - 1;
    this.#measurement += 1;
    let rms = 0;
    for (let n = first; n <= last; n += 1) rms += analysis.rms(n);
    const second = Math.floor(((last + 1) * CYCLE_MS) / 1000);
    const pulseInWindow = Math.floor((first * CYCLE_MS) / 1000) < second;
    const message = {
      id,
      time: buffer.timestampOf(first),
      frequency: frequencyAt(analysis, first, length),
      rms: rms / length,
      thd: analysis.thd(first, length),
      lastGps: int31(second * COUNTER_HZ),
      currentCount: int31(Math.round(((last + 1) * CYCLE_MS * COUNTER_HZ) / 1000)),
      flags: pulseInWindow ? 1 : 0,
    };
    return [String(id), triggerMessage.encode(message)];
  }

  reactTo(frames: readonly Uint8Array[]): Reaction {
    const [, frame] = frames;
    // a Box 2 reads the second frame without checking that there is one
    if (frame === undefined) return { kind: 'killed', reason: 'a message of a single frame on box_pub' };
    const request = readAsBox2(frame);
    if (request === undefined) return { kind: 'ignored', reason: 'unparsable' };
    const { id } = this.#box;
    const nowMs = this.#box.now();
    if (request.type === 'PING') return { kind: 'reply', frames: [request.reply('PONG', id, nowMs)] };
    if (request.type !== 'READ') return { kind: 'reply', frames: [request.reply('ERROR', id, nowMs)] };
    const data = this.#read(request.back, request.forward);
    return { kind: 'reply', frames: [request.reply('RESP', id, nowMs), ...data] };
  }

  /**
   * Whole measurements: the first one whose timestamp is at or after `back`, whatever `forward` says, and those after it whose
   * timestamp is before `forward`. So the reply to a window older than the buffer is the oldest measurement.
   */
  #read(back: number, forward: number): Uint8Array[] {
    const { id, buffer } = this.#box;
    const length = this.#cycles;
    const oldest = Math.ceil(buffer.oldest / length);
    const end = Math.floor(buffer.end / length);
    let at = Math.max(oldest, Math.ceil(buffer.firstAtOrAfter(back) / length));
    const data: Uint8Array[] = [];
    while (at < end) {
      data.push(encodeCycles2(id, waveformOf(this.#box, at * length, (at + 1) * length)));
      at += 1;
      if (buffer.timestampOf(at * length) >= forward) break;
    }
    return data;
  }
}

/** A window shorter than the prefilter and two zero crossings is extended back over earlier cycles. */
function frequencyAt(analysis: BoxState['analysis'], first: number, length: number): number {
  const start = Math.max(0, first + length - Math.max(length, 6));
  return analysis.frequency(start, Math.max(length, 6));
}

function int31(value: number): number {
  return value % 2 ** 31;
}

/** A TriggerMessage always has f and rms, so missing ones are sent as 0. */
export function replayAsBox2({ boxId, f, rms, thd }: ReplayRow, timestampMs: number): Frames {
  const message = {
    id: boxId,
    time: timestampMs,
    frequency: f?.average ?? 0,
    rms: rms?.average ?? 0,
    ...(thd !== undefined && { thd: thd.average }),
  };
  return [String(boxId), triggerMessage.encode(message)];
}
