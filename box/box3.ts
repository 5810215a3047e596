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
import { type Answer, type BoxState, type Dialect, type Frames, waveformOf } from './frames.js';

export interface Box3Habits {
  /** cycles in a measurement, until a command says otherwise */
  measurementWindowCycles: number;
  /** cycles before `f` and `trans` are there: their filters fill first */
  warmUpCycles: number;
  /** ms of silence, added up, after which both command sockets are reopened */
  silenceMs: number;
}

export const BOX3_HABITS: Box3Habits = { measurementWindowCycles: 60, warmUpCycles: 255, silenceMs: 120_000 };

/** Cycles that one value of `f` and `trans`, and of `thd`, covers. */
const FILTERED_BLOCK = 7;
const THD_BLOCK = 6;

export class Box3 implements Dialect {
  readonly subscription: string;
  readonly pollMs = 0;
  readonly renewal;
  readonly #box: BoxState;
  readonly #warmUpCycles: number;
  #windowCycles: number;
  /** first cycle of the window that is filling */
  #windowStart = 0;
  /** cycle after the last of the window that is filling */
  #windowEnd: number;

  constructor(box: BoxState, habits: Box3Habits) {
    this.#box = box;
    this.subscription = String(box.id);
    this.#windowCycles = habits.measurementWindowCycles;
    this.#warmUpCycles = habits.warmUpCycles;
    this.#windowEnd = Math.max(1, habits.measurementWindowCycles);
    this.renewal = { afterMs: habits.silenceMs, resetByMessage: false, alsoReplies: true };
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
    return [topic, measurement.encode({ boxId: id, timestampMs: buffer.timestamp(last), metrics })];
  }

  answer(frames: readonly Uint8Array[]): Answer {
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
    // a window made shorter than what has already gone by is complete with the next cycle
    this.#windowEnd = Math.max(this.#windowStart + this.#windowCycles, this.#box.buffer.end + 1);
    return [this.#response(seq, { kind: 'samplingRate', oldRateCycles })];
  }

  /** Cycles with start < timestamp < end; `wait` is not looked at. */
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
   * `rms` of each cycle; `f` and `trans` each seventh cycle over the seven before, once warm; `thd` each sixth cycle over
   * six. So a window of a few cycles may lack all but `rms`.
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
        // this program's sum over no crossings is 0/0, where a Box 2's is 1/0
        add('f', Number.isFinite(f) ? f : Number.NaN);
        add('trans', analysis.transient(n + 1 - FILTERED_BLOCK, FILTERED_BLOCK));
      }
    }
    return Object.fromEntries([...metrics].map(([name, statistic]) => [name, statistic.values()]));
  }
}

/** Min, max and mean as the box computes them: a NaN after the first value spoils the mean alone. */
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
