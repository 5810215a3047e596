/** One open /live connection. A reader that is too slow is disconnected: what it misses it gets when it connects again. */
import type { ServerResponse } from 'node:http';
import type { Topic } from '../api/live.js';
import type { Listener } from './hub.js';

/** Bytes that wait for a reader. */
const MAX_WAITING = 2 * 2 ** 20;
/** What is written in one go waits until the end of the turn, also for a reader that is fast: events must fit beside it. */
export const MAX_AT_ONCE = MAX_WAITING / 2;
/** Ten seconds in which nothing more could be written. */
const STUCK_TICKS = 40;

export interface ViewerOptions {
  response: ServerResponse;
  topics: ReadonlySet<Topic>;
  /** undefined: all */
  boxes: ReadonlySet<string> | undefined;
  /** every so many ticks it gets measurements */
  everyTicks: number;
  /** called once, when the connection is over */
  onEnd: (isSlow: boolean) => void;
}

export class Viewer implements Listener {
  readonly #options: ViewerOptions;
  #isOver = false;
  /** texts of measurements that are written when there is room */
  #rest: readonly string[] = [];
  #stuckTicks = 0;
  /** up to this tick it has the measurements; undefined: up to its last turn */
  tick: number | undefined;

  constructor(options: ViewerOptions) {
    this.#options = options;
    options.response.on('close', () => this.#end(false));
    options.response.on('error', () => this.#end(false));
    options.response.on('drain', () => this.#writeRest());
  }

  get everyTicks(): number {
    return this.#options.everyTicks;
  }

  wants(topic: Topic): boolean {
    return this.#options.topics.has(topic);
  }

  send(text: string): void {
    if (this.#isOver) return;
    const { response } = this.#options;
    response.write(text);
    if (response.writableLength > MAX_WAITING) this.#giveUp();
  }

  get boxes(): ReadonlySet<string> | undefined {
    return this.#options.boxes;
  }

  /** Measurements that it was given before are not all written. */
  get isBusy(): boolean {
    return this.#rest.length > 0;
  }

  /** @param texts whole events, each well below the bound; they are written as fast as they are read */
  measurements(texts: readonly string[]): void {
    this.#rest = texts;
    this.#stuckTicks = 0;
    this.#writeRest();
  }

  /** Called each tick. */
  goOn(): void {
    if (!this.isBusy) return;
    this.#stuckTicks += 1;
    this.#writeRest();
    if (this.#stuckTicks >= STUCK_TICKS) this.#giveUp();
  }

  #writeRest(): void {
    const { response } = this.#options;
    let written = 0;
    while (written < this.#rest.length && response.writableLength < MAX_AT_ONCE && !this.#isOver) {
      this.send(this.#rest[written] ?? '');
      written += 1;
    }
    if (written === 0) return;
    this.#rest = this.#rest.slice(written);
    this.#stuckTicks = 0;
  }

  close(): void {
    this.#end(false);
    this.#options.response.end();
  }

  #giveUp(): void {
    this.#end(true);
    this.#options.response.destroy();
  }

  #end(isSlow: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rest = [];
    this.#options.onEnd(isSlow);
  }
}
