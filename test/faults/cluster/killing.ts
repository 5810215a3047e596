/** Kills of anything in a cluster under load: services, the broker with its relay, NATS servers; how long the partitions wait for it, and what is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PARTITIONS, partitionOfBox } from '../../../nats/partition.js';
import { type Random, seededRandom } from '../../fuzz/random.js';
import { until } from '../../support/until.js';
import type { Outcome } from '../case.js';
import type { StoreKind } from '../line.js';
import { ClusterLine } from './cluster-line.js';
import { Governor, LEAST_BOXES, WANTED_RATE } from './governor.js';
import { StreamLedger } from './stream-ledger.js';

type Target = 'service' | 'broker' | 'NATS';
/** Again and again. */
const ORDER: readonly Target[] = ['service', 'NATS', 'service', 'broker'];
const LOOK_MS = 200;
const PATIENCE_MS = 300_000;
/** How long a killed process waits for its start at most, ms. */
const DOWN_MS = 4000;
const BETWEEN_MS = 3000;
/** Goal: seconds from the kill of an owner to the first stored measurement of its partitions, p99. */
const GOAL_S = 15;

export interface Killing {
  kills: number;
  services: readonly string[];
  /** MongoDB for all services together, or an SQLite file for each, which takes more where MongoDB is slow. @default 'mongo' */
  store?: StoreKind;
  /** measurements a second to begin with; left out: 20,000, or what the machine takes */
  rate?: number;
}

/** @returns undefined where there is no NATS or no MongoDB */
export async function killing({
  kills,
  rate = WANTED_RATE,
  services,
  store = 'mongo',
}: Killing): Promise<Outcome | undefined> {
  // Six measurements a second and box.
  const line = await ClusterLine.start({
    services,
    store,
    boxes: Math.max(LEAST_BOXES, Math.ceil(rate / 6)),
  });
  if (line === undefined) return undefined;
  const ledger = await StreamLedger.open(line.urls);
  const governor = new Governor(line, ledger);
  let keep = true;
  try {
    await governor.begin(rate);
    const seed = Date.now() % 2 ** 31;
    const run = new Run(line, governor, seededRandom(seed));
    const [begunMs, begun] = [performance.now(), line.load.sent];
    said(`${line.load.rate.toFixed(0)} measurements/s are taken`);
    for (let i = 0; i < kills; i += 1) {
      await run.kill(ORDER[i % ORDER.length] ?? 'service');
      said(`${i + 1} of ${kills} kills: ${run.last}, ${line.load.rate.toFixed(0)} measurements/s`);
    }
    const seconds = (performance.now() - begunMs) / 1000;
    const average = (line.load.sent - begun) / seconds;
    const { lowest } = governor;
    await line.load.stop();
    const row = await ledger.settle(line.stores, line.load.sent);
    const wrong = line.wrong();
    if (ledger.missingBatches > 0)
      wrong.push(`${ledger.missingBatches} batches are not in the stream any more`);
    keep = wrong.length > 0 || row.lost > 0 || row.doubled > 0;
    const notes = [
      `${kills} kills (${run.summary()}), seed ${seed}, ${seconds.toFixed(0)} s`,
      `asked for ${rate} measurements/s; sent ${average.toFixed(0)} on average, at least ${lowest.toFixed(0)}: what this machine takes`,
      ...run.waits(),
    ];
    if (line.stores.length > 1)
      notes.push(`each service has an SQLite file of its own; ${ledger.inTwoStores} measurements are in two`);
    if (keep) notes.push(`left to look at: ${line.folder}`);
    return { rows: [row], wrong, notes };
  } finally {
    await ledger.close();
    await line.stop({ keep });
  }
}

/** Fifty kills take long: what goes on. */
function said(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

class Run {
  readonly #line: ClusterLine;
  readonly #governor: Governor;
  readonly #random: Random;
  readonly #kills = new Map<Target, number>();
  /** seconds from a kill to the first stored measurement, of each partition that it concerned */
  readonly #seconds = new Map<Target, number[]>();
  /** a box of each partition */
  readonly #boxes = new Map<number, number>();

  constructor(line: ClusterLine, governor: Governor, random: Random) {
    this.#line = line;
    this.#governor = governor;
    this.#random = random;
    for (const id of line.ids.slice(0, LEAST_BOXES)) this.#boxes.set(partitionOfBox(id), id);
  }

  /** What the last kill was, and how long it was seen. */
  last = '';

  summary(): string {
    return [...this.#kills].map(([target, count]) => `${target} ${count}`).join(', ');
  }

  /** What is reported of the times. */
  waits(): string[] {
    return [...this.#seconds].map(([target, seconds]) => {
      const sorted = seconds.sort((a, b) => a - b);
      const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
      const p99 = at(0.99);
      const goal =
        target !== 'service'
          ? ''
          : `; goal p99 < ${GOAL_S} s: ${p99 < GOAL_S ? 'met' : 'NOT MET on this machine'}`;
      return `${target} killed: first stored measurement of its partitions after p50 ${at(0.5).toFixed(1)} s, p99 ${p99.toFixed(1)} s, most ${at(1).toFixed(1)} s (${sorted.length} partitions${goal})`;
    });
  }

  /** Kills one, measures, and starts it again. Fulfilled when everything is well again. */
  async kill(target: Target): Promise<void> {
    this.#kills.set(target, (this.#kills.get(target) ?? 0) + 1);
    await sleep(this.#random.below(BETWEEN_MS));
    if (target === 'service') await this.#service();
    else if (target === 'broker') await this.#broker();
    else await this.#nats();
    await this.#well();
    await this.#governor.drained();
  }

  async #service(): Promise<void> {
    const { daemon, status } = this.#random.pick(this.#line.services);
    const partitions = (await status())?.nats?.partitions ?? [];
    await daemon.kill();
    await Promise.all([this.#measure('service', partitions), this.#later(() => daemon.start())]);
  }

  async #broker(): Promise<void> {
    const { broker } = this.#line;
    await broker.kill();
    const all = Array.from({ length: PARTITIONS }, (_, i) => i);
    await Promise.all([this.#measure('broker', all), this.#later(() => broker.start())]);
  }

  async #nats(): Promise<void> {
    const server = this.#random.pick(this.#line.nats);
    await server.kill();
    const all = Array.from({ length: PARTITIONS }, (_, i) => i);
    await Promise.all([this.#measure('NATS', all), this.#later(() => server.start())]);
  }

  async #later(start: () => Promise<void>): Promise<void> {
    await sleep(this.#random.below(DOWN_MS));
    await start();
  }

  /** Until a measurement of each of these partitions is stored that was measured after now. */
  async #measure(target: Target, partitions: readonly number[]): Promise<void> {
    const killedMs = Date.now();
    const since = performance.now();
    const seconds = this.#seconds.get(target) ?? [];
    this.#seconds.set(target, seconds);
    this.last = target;
    const open = new Set(partitions.filter((partition) => this.#boxes.has(partition)));
    while (open.size > 0) {
      if (performance.now() - since > PATIENCE_MS)
        throw new Error(`partitions ${[...open].join(', ')} were not stored after a ${target} was killed`);
      // One after the other: 64 queries at the same time would take the CPU from those that are waited for.
      for (const partition of [...open]) {
        if (!(await this.#isStored(partition, killedMs))) continue;
        open.delete(partition);
        seconds.push((performance.now() - since) / 1000);
      }
      await sleep(LOOK_MS);
    }
    this.last = `${target}, ${((performance.now() - since) / 1000).toFixed(1)} s`;
  }

  async #isStored(partition: number, fromMs: number): Promise<boolean> {
    const range = { fromMs, toMs: fromMs + PATIENCE_MS, limit: 1 };
    for (const store of this.#line.stores) {
      for await (const _ of store.measurements(String(this.#boxes.get(partition)), range)) return true;
    }
    return false;
  }

  /** All partitions are read, each service has some, and each server has the whole stream: the next kill takes no majority away. */
  async #well(): Promise<void> {
    await until(
      'the cluster is well again',
      async () => {
        const overview = await this.#governor.overview();
        const servers = overview?.stream?.servers ?? [];
        const shares = await this.#line.shares();
        return (
          servers.length === this.#line.nats.length &&
          servers.every(({ current, offline }) => current && !offline) &&
          shares.every((share) => share > 0) &&
          shares.reduce((sum, share) => sum + share, 0) === PARTITIONS &&
          (await this.#line.unread()) === 0
        );
      },
      PATIENCE_MS,
    );
  }
}
