/** Looks who owns which partition, as the services themselves say, and finds two at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterService } from './cluster-line.js';

const LOOK_MS = 100;

/** It certainly owned the partition from its first to its last moment: it said so at both, and took none between. */
interface Held {
  partition: number;
  service: string;
  fromMs: number;
  toMs: number;
  /** when the last of these replies came */
  seenMs: number;
}

interface Said {
  atMs: number;
  moves: number;
  partitions: ReadonlySet<number>;
}

export class Owners {
  readonly #stopping = new AbortController();
  readonly #held: Held[] = [];
  readonly #looking: Promise<unknown>;
  looks = 0;

  constructor(services: readonly ClusterService[]) {
    this.#looking = Promise.all(services.map((service) => this.#look(service)));
  }

  /** @returns what two services owned at a time */
  async stop(): Promise<string[]> {
    this.#stopping.abort();
    await this.#looking;
    const found: string[] = [];
    const sorted = this.#held.sort((a, b) => a.partition - b.partition || a.fromMs - b.fromMs);
    for (const [i, one] of sorted.entries())
      for (const other of sorted.slice(i + 1)) {
        if (other.partition !== one.partition || other.fromMs >= one.toMs) break;
        if (other.service !== one.service)
          found.push(`partition ${one.partition}: ${one.service} and ${other.service} at a time`);
      }
    return found;
  }

  async #look({ name, status }: ClusterService): Promise<void> {
    let before: Said | undefined;
    const last = new Map<number, Held>();
    while (!this.#stopping.signal.aborted) {
      const askedMs = performance.now();
      const { moves = 0, partitions = [] } = (await status())?.nats ?? {};
      const now: Said = { atMs: performance.now(), moves, partitions: new Set(partitions) };
      this.looks += 1;
      if (before !== undefined && before.moves === moves)
        for (const partition of partitions) {
          if (!before.partitions.has(partition)) continue;
          // After the reply of the look before, and before this one was asked.
          const held = last.get(partition);
          if (held?.seenMs === before.atMs) {
            held.toMs = askedMs;
            held.seenMs = now.atMs;
          } else {
            const next = { partition, service: name, fromMs: before.atMs, toMs: askedMs, seenMs: now.atMs };
            last.set(partition, next);
            this.#held.push(next);
          }
        }
      before = now;
      await sleep(LOOK_MS);
    }
  }
}
