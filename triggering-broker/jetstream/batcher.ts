/** Gathers the messages of some milliseconds into one batch for each partition. */
import type { Clock } from '../../common/clock.js';
import { BatchBuilder, messageSize } from '../../nats/batch.js';
import { PARTITIONS, partitionOf } from '../../nats/partition.js';
import type { PackedBatch } from '../../store/batch-spool.js';

/** How long a message waits for others of its partition, ms. */
export const GATHER_MS = 50;

export interface BatcherOptions {
  /** begins the id of each batch: no other run of a broker has it */
  run: string;
  clock: Clock;
  send(batches: PackedBatch[]): void;
  gatherMs?: number | undefined;
}

interface Open {
  builder: BatchBuilder;
  /** when its first message was received, Unix ms */
  receivedMs: number;
}

export class Batcher {
  readonly #options: BatcherOptions;
  readonly #open: Open[] = [];
  #cancel: (() => void) | undefined;
  #sent = 0;
  #messages = 0;
  #tooLong = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
    for (let i = 0; i < PARTITIONS; i += 1) this.#open.push({ builder: new BatchBuilder(), receivedMs: 0 });
  }

  /** Messages that were received. */
  get messages(): number {
    return this.#messages;
  }

  /** Messages that were dropped: longer than any measurement, or of more frames. */
  get tooLong(): number {
    return this.#tooLong;
  }

  add(frames: readonly Uint8Array[]): void {
    this.#messages += 1;
    const size = messageSize(frames);
    if (size === 0) {
      this.#tooLong += 1;
      return;
    }
    const partition = partitionOf(frames[0]);
    const open = this.#open[partition];
    if (open === undefined) return;
    if (!open.builder.fits(size)) this.#options.send([this.#take(partition, open)]);
    if (open.builder.messages === 0) open.receivedMs = this.#options.clock.now();
    open.builder.add(frames, size);
    this.#cancel ??= this.#options.clock.after(this.#options.gatherMs ?? GATHER_MS, () => this.flush());
  }

  /** Sends what was gathered. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const batches: PackedBatch[] = [];
    for (const [partition, open] of this.#open.entries())
      if (open.builder.messages > 0) batches.push(this.#take(partition, open));
    if (batches.length > 0) this.#options.send(batches);
  }

  #take(partition: number, { builder, receivedMs }: Open): PackedBatch {
    this.#sent += 1;
    const { messages } = builder;
    return { id: `${this.#options.run}-${this.#sent}`, partition, messages, body: builder.take(receivedMs) };
  }
}
