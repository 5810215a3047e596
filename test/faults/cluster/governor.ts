/** Finds the rate that this machine takes, and lowers it when it takes less: a test of kills says nothing where everything waits anyway. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Overview, readOverview } from '../../../nats/overview.js';
import type { ClusterLine } from './cluster-line.js';
import type { StreamLedger } from './stream-ledger.js';

/** What is asked for, measurements/s. */
export const WANTED_RATE = 20_000;
const LEAST_RATE = 500;
const LOWER = 0.7;
/** The relay makes a batch of each partition every 50 ms: what is not stored after two seconds. */
const BEHIND_BATCHES = 2 * 20 * 64;
const TRY_MS = 6000;
/** Of what was stored while it was tried. */
const SHARE = 0.8;
/** Six measurements a second and box; with fewer boxes there would be partitions without one. */
const PER_BOX = 6;
export const LEAST_BOXES = 400;
const LOOK_MS = 500;
/** Slower than this after a kill, and the next one comes under a lower rate. */
const DRAIN_MS = 30_000;
const PATIENCE_MS = 300_000;

export class Governor {
  readonly #line: ClusterLine;
  readonly #ledger: StreamLedger;
  /** rates, each weighted by how long it held */
  readonly #held: { rate: number; ms: number }[] = [];
  #sinceMs = performance.now();

  constructor(line: ClusterLine, ledger: StreamLedger) {
    this.#line = line;
    this.#ledger = ledger;
  }

  /** Begins at the wanted rate, and goes down until what comes is stored. */
  async begin(rate = WANTED_RATE): Promise<void> {
    this.#set(rate);
    for (;;) {
      const [begunMs, begun] = [performance.now(), this.#line.load.sent];
      await sleep(TRY_MS);
      if (!(await this.#isBehind()) || this.#line.load.rate <= LEAST_RATE) break;
      await this.#lower(
        () => ((this.#line.load.sent - begun) / (performance.now() - begunMs)) * 1000 * SHARE,
      );
    }
    this.#held.length = 0;
    this.#sinceMs = performance.now();
  }

  /** Until everything that came is stored; where that takes long, the rate goes down. */
  async drained(): Promise<void> {
    const begunMs = performance.now();
    while (await this.#isBehind()) {
      if (performance.now() - begunMs > DRAIN_MS) {
        await this.#lower();
        return;
      }
      await sleep(LOOK_MS);
    }
  }

  /** Of the time since `begin`. */
  get lowest(): number {
    this.#set(this.#line.load.rate);
    return Math.min(...this.#held.map(({ rate }) => rate));
  }

  /** Nothing comes until everything is stored; then it goes on with less. */
  async #lower(taken: () => number = () => Number.POSITIVE_INFINITY): Promise<void> {
    const lower = this.#line.load.rate * LOWER;
    this.#set(0);
    const endMs = performance.now() + PATIENCE_MS;
    while ((await this.#isBehind()) && performance.now() < endMs) await sleep(LOOK_MS);
    this.#set(Math.max(LEAST_RATE, Math.min(lower, taken())));
  }

  #set(rate: number): void {
    const nowMs = performance.now();
    if (this.#line.load.rate > 0) this.#held.push({ rate: this.#line.load.rate, ms: nowMs - this.#sinceMs });
    this.#sinceMs = nowMs;
    const { load, ids } = this.#line;
    if (rate > 0) load.active = Math.min(ids.length, Math.max(LEAST_BOXES, Math.ceil(rate / PER_BOX)));
    load.rate = rate;
  }

  async #isBehind(): Promise<boolean> {
    const overview = await this.overview();
    if (overview === undefined) return true;
    const open = overview.partitions.reduce(
      (sum, { unacknowledged, waiting }) => sum + unacknowledged + waiting,
      0,
    );
    return open > BEHIND_BATCHES;
  }

  /** Undefined while NATS elects a leader. */
  async overview(): Promise<Overview | undefined> {
    try {
      return await readOverview(this.#ledger.connection);
    } catch {
      return undefined;
    }
  }
}
