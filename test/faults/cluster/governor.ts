/** Finds the rate that this machine takes, and lowers it when it takes less: a test of kills says nothing where everything waits anyway. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Overview, readOverview } from '../../../nats/overview.js';
import type { ClusterLine } from './cluster-line.js';
import type { StreamLedger } from './stream-ledger.js';

/** What is asked for, measurements/s. */
export const WANTED_RATE = 20_000;
const LEAST_RATE = 500;
const FIRST_RATE = 1000;
const LOWER = 0.7;
/** What is not stored after a second is too much. The relay makes a batch of each partition every 50 ms. */
const BEHIND_S = 1;
const BEHIND_BATCHES = BEHIND_S * 20 * 64;
const TRY_MS = 10_000;
/** Of what was stored while it was tried. */
const SHARE = 0.8;
/** Of the last rate that the machine took, where that is less than asked for: after a kill the others do the work of the killed one, compute trends, and catch up. */
const HEADROOM = 0.2;
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

  /** Goes up to the wanted rate, while what comes is stored. */
  async begin(rate = WANTED_RATE): Promise<void> {
    for (let tried = Math.min(rate, FIRST_RATE); ; tried = Math.min(rate, 2 * tried)) {
      this.#set(tried);
      const taken = this.#taken();
      await sleep(TRY_MS);
      // A busy machine may send less than it was asked to.
      const sent = Math.min(tried, taken());
      const isTooMuch = sent < SHARE * tried || (await this.#isBehind());
      if (isTooMuch) {
        await this.#emptied();
        this.#set(Math.min(rate, Math.max(LEAST_RATE, (tried / 2) * HEADROOM)));
      }
      if (isTooMuch || tried >= rate) break;
    }
    this.#held.length = 0;
    this.#sinceMs = performance.now();
  }

  /** Until everything that came is stored; where that takes long, the rate goes down. */
  async drained(): Promise<void> {
    const begunMs = performance.now();
    const taken = this.#taken();
    while (await this.#isBehind()) {
      if (performance.now() - begunMs > DRAIN_MS) {
        await this.#lower(taken);
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

  /** Nothing comes until everything is stored. */
  async #emptied(): Promise<void> {
    this.#set(0);
    const endMs = performance.now() + PATIENCE_MS;
    while ((await this.#isBehind()) && performance.now() < endMs) await sleep(LOOK_MS);
  }

  /** The same; then it goes on with less. */
  async #lower(taken: () => number): Promise<void> {
    const lower = this.#line.load.rate * LOWER;
    await this.#emptied();
    this.#set(Math.max(LEAST_RATE, Math.min(lower, taken() * SHARE)));
  }

  /** @returns measurements a second that were sent since now: where none waits, also stored */
  #taken(): () => number {
    const { load } = this.#line;
    const [begunMs, begun] = [performance.now(), load.sent];
    return () => ((load.sent - begun) * 1000) / (performance.now() - begunMs);
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
    if (open > BEHIND_BATCHES) return true;
    // Services acknowledge what is in their spool: it is not stored yet.
    const all = await Promise.all(this.#line.services.map(({ status }) => status()));
    const waiting = all.reduce(
      (sum, status) => sum + (status?.store.waiting ?? 0) + (status?.spool?.measurements ?? 0),
      0,
    );
    return waiting > BEHIND_S * Math.max(LEAST_RATE, this.#line.load.rate);
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
