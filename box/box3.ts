/** The habits of a Box 3 (docs/wire-protocols.md, 3.2). */
import { networkInterfaces } from 'node:os';
import { lacksCommandBody } from '../proto/box3/habits.js';
import {
  type Command,
  command,
  DecodeError,
  encodeCycles3,
  type MetricValues,
  measurement,
  type ResponseBody,
  response,
} from '../proto/index.js';
import {
  type BoxState,
  type Dialect,
  type Frames,
  type Reaction,
  type ReplayRow,
  waveformOf,
} from './frames.js';

export interface Box3Habits {
  /** cycles per measurement, until a command changes it */
  measurementWindowCycles: number;
  /** cycles until `f` and `trans` are sent: their filters have to settle first */
  warmUpCycles: number;
  /** ms of silence in total after which both command sockets are reopened */
  silenceMs: number;
}

export const BOX3_HABITS: Box3Habits = { measurementWindowCycles: 60, warmUpCycles: 255, silenceMs: 120_000 };

/** Cycles per value of `f` and `trans`, and per value of `thd`. */
const FILTERED_BLOCK = 7;
const THD_BLOCK = 6;

export class Box3 implements Dialect {
  readonly subscription: string;
  readonly pollMs = 0;
  readonly reopening;
  readonly #box: BoxState;
  readonly #warmUpCycles: number;
  #windowCycles: number;
  /** first cycle of the current window */
  #windowStart = 0;
  /** the cycle after the last one of the current window */
  #windowEnd: number;

  constructor(box: BoxState, habits: Box3Habits) {
    this.#box = box;
    this.subscription = String(box.id);
    this.#windowCycles = habits.measurementWindowCycles;
    this.#warmUpCycles = habits.warmUpCycles;
    this.#windowEnd = Math.max(1, habits.measurementWindowCycles);
    this.reopening = { afterMs: habits.silenceMs, restartedByMessage: false, withReplies: true };
  }

  nextMessageCycle(): number {
    return this.#windowEnd - 1;
  }

  message(): Frames {
    const { id, buffer } = this.#box;
    const last = this.#windowEnd - 1;
    const metrics = this.#metrics(this.#windowStart, last);
    this.#windowStart = this.#windowEnd;
    this.#windowEnd += Math.max(1, this.#windowCycles);
    const topic = String(id).padStart(4, '0');
    return [topic, measurement.encode({ boxId: id, timestampMs: buffer.timestampOf(last), metrics })];
  }

  reactTo(frames: readonly Uint8Array[]): Reaction {
    const [, frame] = frames;
    if (frame === undefined || frames.length !== 2) return { kind: 'ignored', reason: 'not two frames' };
    try {
      if (lacksCommandBody(frame)) return { kind: 'killed', reason: 'a Command without its oneof' };
      return { kind: 'reply', frames: this.#reply(command.decode(frame)) };
    } catch (error) {
      if (error instanceof DecodeError) return { kind: 'ignored', reason: 'unparsable' };
      throw error;
    }
  }

  #reply({ seq, body }: Command): Frames {
    if (body.kind === 'data') return this.#data(seq, body.startMs, body.endMs);
    if (body.kind === 'info') return [this.#response(seq, this.#info())];
    if (body.kind === 'plugin') return [this.#response(seq, { kind: 'plugin', ok: true })];
    const oldRateCycles = this.#windowCycles;
    this.#windowCycles = body.measurementWindowCycles;
    // if the new window is shorter than what the current one already holds, it is complete with the next cycle
    this.#windowEnd = Math.max(this.#windowStart + this.#windowCycles, this.#box.buffer.end + 1);
    return [this.#response(seq, { kind: 'samplingRate', oldRateCycles })];
  }

  /** Cycles with start < timestamp < end; `wait` is ignored. */
  #data(seq: number, startMs: number, endMs: number): Frames {
    const { buffer } = this.#box;
    const first = buffer.firstAtOrAfter(startMs + 1);
    const end = Math.max(first, buffer.firstAtOrAfter(endMs));
    const window = waveformOf(this.#box, first, end);
    const startTs = window.timesMs[0] ?? 0;
    const endTs = window.timesMs[window.timesMs.length - 1] ?? 0;
    return [this.#response(seq, { kind: 'data', startTs, endTs }), ...encodeCycles3(window)];
  }

  #info(): ResponseBody {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    return {
      kind: 'info',
      macAddr: '',
      wifiNetwork: '',
      ip: addresses.map(({ address }) => `${address}\n`).join(''),
      uptime: Math.floor((this.#box.now() - this.#box.startedMs) / 1000),
      calibrationConstant: 0,
      pubKey: this.#box.publicKey,
      measurementRate: this.#windowCycles,
    };
  }

  #response(seq: number, body: ResponseBody): Uint8Array {
    return response.encode({ boxId: this.#box.id, seq, timestampMs: this.#box.now(), body });
  }

  /**
   * `rms` of each cycle; `f` and `trans` at each seventh cycle over the last seven, once the filters have settled; `thd` at each sixth cycle over the last
   * six. So a window of a few cycles may have only `rms`.
   */
  #metrics(first: number, last: number): Record<string, MetricValues> {
    const { analysis } = this.#box;
    const metrics = new Map<string, Statistic>();
    const add = (name: string, value: number): void => {
      const known = metrics.get(name);
      if (known === undefined) metrics.set(name, new Statistic(value));
      else known.add(value);
    };
    for (let n = first; n <= last; n += 1) {
      if ((n + 1) % THD_BLOCK === 0) add('thd', analysis.thd(n + 1 - THD_BLOCK, THD_BLOCK));
      add('rms', analysis.rms(n));
      if (n >= this.#warmUpCycles && (n + 1) % FILTERED_BLOCK === 0) {
        const f = analysis.frequency(n + 1 - FILTERED_BLOCK, FILTERED_BLOCK);
        // without zero crossings a Box 3 computes 0/0, where a Box 2 computes 1/0
        add('f', Number.isFinite(f) ? f : Number.NaN);
        add('trans', analysis.transient(n + 1 - FILTERED_BLOCK, FILTERED_BLOCK));
      }
    }
    return Object.fromEntries([...metrics].map(([name, statistic]) => [name, statistic.values()]));
  }
}

/** Min, max and mean as the box computes them: a NaN after the first value affects only the mean. */
class Statistic {
  #min: number;
  #max: number;
  #sum: number;
  #count = 1;

  constructor(value: number) {
    this.#min = value;
    this.#max = value;
    this.#sum = value;
  }

  add(value: number): void {
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum += value;
    this.#count += 1;
  }

  values(): MetricValues {
    return { min: this.#min, max: this.#max, average: this.#sum / this.#count };
  }
}

/** A Measurement with the metrics that the row has. */
export function replayAsBox3({ boxId, f, rms, thd, trans }: ReplayRow, timestampMs: number): Frames {
  const metrics = Object.fromEntries(
    Object.entries({ f, rms, thd, trans }).flatMap(([name, values]) =>
      values === undefined ? [] : [[name, values]],
    ),
  );
  return [String(boxId).padStart(4, '0'), measurement.encode({ boxId, timestampMs, metrics })];
}
