/**
 * Reads the batches of one partition, in their order, from the first one that no owner before has acknowledged. Each owner has a durable consumer of its own,
 * named by the revision of its lease: the consumer of the owner before is deleted, so that one that still believes to own the partition receives nothing more.
 */
import {
  type Consumer,
  type ConsumerMessages,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { CONSUMING } from './consuming.js';
import { STREAM } from './partition.js';
import { configOf, consumersOf, hasLostEnd, prefixOf, revisionIn } from './partition-consumers.js';
import type { PartitionProgress } from './partition-progress.js';
import type { SavedProgress } from './saved-progress.js';

/** Batches that are on their way to this process, of one partition. Of all 64, and of the longest that the stream takes, they are 128 MiB. */
const BUFFERED = 16;
/** Pause before a batch comes again that the store did not take, ms. */
const AGAIN_MS = 5000;
/** So long after a batch came, what waits is known, ms. */
const KNOWN_MS = 5000;

/** One batch of the stream. */
export interface Delivered {
  partition: number;
  data: Uint8Array;
  /** the store has what is in it */
  acknowledge(): void;
  /** the store did not take it: it is to come again, to whoever owns the partition then */
  giveBack(): void;
  /** nothing was done with it: if it comes again, it is handed out again */
  leave(): void;
}

export type Progress = PartitionProgress<JsMsg>;

export interface ReaderOptions {
  partition: number;
  /** of the lease */
  revision: number;
  /** what it returns is waited for before the next batch */
  take: (batch: Delivered) => Promise<void> | undefined;
  /** of this partition in this process: the same from one reader to the next */
  progress: Progress;
  /** what owners before have saved of theirs */
  saved: Pick<SavedProgress, 'read' | 'save'>;
  /** whether the lease is still the one of this revision */
  isOurs: () => boolean;
  /** whether the lease was renewed since this was tried first: a consumer of a higher revision is then left from a bucket of leases that was lost */
  isSure: boolean;
  log: Logger;
}

export class PartitionReader {
  readonly #consumer: Consumer;
  readonly #messages: ConsumerMessages;
  readonly #options: ReaderOptions;
  /** what `progress` calls this one */
  readonly #reader: number;
  /** what it gets has numbers of this epoch of `progress` */
  readonly #epoch: number;
  #waiting: number;
  /** when that was known, by the clock that never jumps */
  #knownMs = performance.now();
  #savedFloor: number;
  /** fulfilled when it reads no more: it was stopped, or the client gave up */
  readonly ended: Promise<void>;

  private constructor(
    consumer: Consumer,
    messages: ConsumerMessages,
    waiting: number,
    { epoch, reader, savedFloor }: { epoch: number; reader: number; savedFloor: number },
    options: ReaderOptions,
  ) {
    this.#consumer = consumer;
    this.#messages = messages;
    this.#waiting = waiting;
    this.#reader = reader;
    this.#epoch = epoch;
    this.#savedFloor = savedFloor;
    this.#options = options;
    this.ended = this.#read().catch((error: unknown) =>
      options.log.warn(
        { partition: options.partition, problem: messageOf(error) },
        'reading a partition ended',
      ),
    );
  }

  /**
   * Begins to read.
   * @throws Error of the client: no stream, no connection; or where there is a consumer of a higher revision
   */
  static async open(connection: NatsConnection, options: ReaderOptions): Promise<PartitionReader> {
    const { isOurs, isSure, log, partition, progress, revision, saved } = options;
    const own = progress.mark;
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const [{ config, created, state }, before] = await Promise.all([
      manager.streams.info(STREAM),
      consumersOf(connection, manager, partition),
    ]);
    const name = `${prefixOf(partition)}${revision}`;
    if (!isSure && before.some((info) => revisionIn(info) > revision))
      throw new Error('the partition has another owner');
    const isAlone = config.num_replicas === 1;
    const read = await saved.read(partition);
    const kept = read?.stream === created ? read : undefined;
    const marks = [kept?.mark, progress.stream === created ? own : undefined];
    const isCut = isAlone && (await hasLostEnd(manager, state.first_seq, marks));
    if (isCut) {
      log.error(
        { partition },
        'the stream in NATS has lost its end, by a power failure or a backup: it is read from its beginning',
      );
      await saved.save(partition, { stream: created, floor: 0 });
    }
    const savedFloor = isCut ? 0 : (kept?.floor ?? 0);
    // A consumer in memory that was made again has delivered nothing, and says where it began.
    const trusted = before.filter(({ delivered }) => !isCut && !(isAlone && delivered.consumer_seq === 0));
    const found = before.find((info) => info.name === name);
    const isReplaced =
      found !== undefined &&
      (isCut ||
        progress.isReset(name, found.delivered.consumer_seq) ||
        (found.config.mem_storage ?? false) !== isAlone);
    if (isReplaced) await manager.consumers.delete(STREAM, name);
    const known = isReplaced ? undefined : found;
    // Otherwise a reader of the next lease may have begun.
    if (!isOurs()) throw new Error('the lease has ended');
    const reader = progress.begin({
      ...{ stream: created, consumer: name, isCut },
      floor: Math.max(savedFloor, ...trusted.map(({ ack_floor }) => ack_floor.stream_seq)),
      isNew: known === undefined || known.delivered.consumer_seq === 0,
    });
    const { epoch } = progress;
    const info =
      known ?? (await manager.consumers.add(STREAM, configOf(partition, name, progress.floor, isAlone)));
    for (const other of before) if (other.name !== name) await manager.consumers.delete(STREAM, other.name);
    const consumer = jetstream(connection).consumers.getConsumerFromInfo(info);
    const messages = await consumer.consume({ max_messages: BUFFERED, ...CONSUMING });
    return new PartitionReader(consumer, messages, info.num_pending, { reader, epoch, savedFloor }, options);
  }

  /** Batches that were handed out and not acknowledged. */
  get unacknowledged(): number {
    return this.#options.progress.unacknowledged;
  }

  /** Batches that the server had for it when that was known last. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Asks the server how many wait, where no batch came for some seconds: then nothing comes, or what came is not taken. @throws Error of the client */
  async look(): Promise<void> {
    if (performance.now() - this.#knownMs < KNOWN_MS) return;
    const { num_pending } = await this.#consumer.info();
    this.#knows(num_pending);
  }

  /** Saves what the store has, where that has changed. @throws Error of the client */
  async save(): Promise<void> {
    const { partition, progress, saved } = this.#options;
    if (!progress.isCounted) {
      const { ack_floor } = await this.#consumer.info();
      progress.acknowledged(ack_floor.stream_seq, this.#reader);
    }
    const { mark, stream } = progress;
    if (mark === undefined || progress.epoch !== this.#epoch) return;
    const floor = Math.min(progress.floor, mark.seq);
    if (floor <= this.#savedFloor) return;
    await saved.save(partition, { stream, floor, mark });
    this.#savedFloor = floor;
  }

  /** No batch is handed out any more. */
  async stop(): Promise<void> {
    this.#messages.stop();
    await this.ended;
  }

  #knows(waiting: number): void {
    this.#waiting = waiting;
    this.#knownMs = performance.now();
  }

  async #read(): Promise<void> {
    const { partition, progress, take } = this.#options;
    const epoch = this.#epoch;
    for await (const message of this.#messages) {
      const { data, info, seq } = message;
      // A stop hands out what had arrived before. A reader that is newer may know the numbers otherwise.
      if (epoch !== progress.epoch) return this.#messages.stop();
      this.#knows(info.pending);
      const timeMs = message.time.getTime();
      const state = progress.delivered(seq, message, info.deliverySequence, this.#reader, timeMs);
      // The reader that is opened next replaces the consumer.
      if (state === 'reset') return this.#messages.stop();
      if (state === 'stored') this.#reply(() => message.ack());
      if (state !== 'new') continue;
      await take({
        partition,
        data,
        acknowledge: () => this.#reply(() => progress.stored(seq, epoch)?.ack()),
        giveBack: () => this.#reply(() => progress.left(seq, epoch)?.nak(AGAIN_MS)),
        leave: () => void progress.left(seq, epoch),
      });
    }
  }

  /** Where the connection was closed meanwhile the batch comes again, here or elsewhere. */
  #reply(reply: () => void): void {
    const { log, partition } = this.#options;
    try {
      reply();
    } catch (error) {
      log.debug({ partition, problem: messageOf(error) }, 'a batch gets no reply');
    }
  }
}
