/**
 * Reads the batches of one partition, in their order, from the first one that no owner before has acknowledged. Each owner has a durable consumer of its own,
 * named by the revision of its lease: the consumer of the owner before is deleted, so that one that still believes to own the partition receives nothing more.
 */
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { CONSUMING } from './consuming.js';
import { STREAM, subjectOf } from './partition.js';
import type { PartitionProgress } from './partition-progress.js';
import type { SavedProgress } from './saved-progress.js';

/** Batches that are on their way to this process, of one partition. Of all 64, and of the longest that the stream takes, they are 128 MiB. */
const BUFFERED = 16;
/** Batches that are not acknowledged, of one partition; no more are delivered. */
const UNACKNOWLEDGED = 1024;
/**
 * A batch that is not acknowledged within this time is delivered again, ms: one that was on its way when a connection broke comes so much later. One that still waits
 * for the store here is not taken twice.
 */
const ACK_WAIT_MS = 30_000;
/** Pause before a batch comes again that the store did not take, ms. */
const AGAIN_MS = 5000;
/** How long the names of consumers may take, ms. */
const NAMES_MS = 5000;
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

/** Of the lease of the owner whose consumer it is. */
export const revisionIn = (info: ConsumerInfo): number => Number(info.name.split('-')[2]);

const prefixOf = (partition: number): string => `makai-${partition}-`;

/** The partition that a consumer of the stream reads; undefined where it is none of ours. */
export function partitionReadBy({ name }: ConsumerInfo): number | undefined {
  const found = /^makai-(\d+)-\d+$/.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
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
  saved: Pick<SavedProgress, 'floorOf' | 'save'>;
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
    { reader, savedFloor }: { reader: number; savedFloor: number },
    options: ReaderOptions,
  ) {
    this.#consumer = consumer;
    this.#messages = messages;
    this.#waiting = waiting;
    this.#reader = reader;
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
    const { isOurs, isSure, partition, progress, revision, saved } = options;
    const { highest } = progress;
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const [{ config, created, state }, before] = await Promise.all([
      manager.streams.info(STREAM),
      consumersOf(connection, manager, partition),
    ]);
    const name = `${prefixOf(partition)}${revision}`;
    if (!isSure && before.some((info) => revisionIn(info) > revision))
      throw new Error('the partition has another owner');
    // One server may have lost the end of the stream in a power failure. A server of several may only be behind.
    const lastSeq = config.num_replicas === 1 ? state.last_seq : Number.POSITIVE_INFINITY;
    const savedFloor = Math.min(lastSeq, await saved.floorOf(partition, created));
    const acknowledged = before.map((info) => Math.min(lastSeq, info.ack_floor.stream_seq));
    const found = before.find((info) => info.name === name);
    const isReset = found !== undefined && progress.isReset(name, found.delivered.consumer_seq);
    if (isReset) await manager.consumers.delete(STREAM, name);
    const known = isReset ? undefined : found;
    // Otherwise a reader of the next lease may have begun.
    if (!isOurs()) throw new Error('the lease has ended');
    const reader = progress.begin({
      ...{ stream: created, consumer: name, isCut: lastSeq < highest },
      floor: Math.max(savedFloor, ...acknowledged),
      isNew: known === undefined || known.delivered.consumer_seq === 0,
    });
    const wanted = configOf(partition, name, { floor: progress.floor, replicas: config.num_replicas });
    const own = known ?? (await manager.consumers.add(STREAM, wanted));
    for (const info of before) if (info.name !== name) await manager.consumers.delete(STREAM, info.name);
    const consumer = jetstream(connection).consumers.getConsumerFromInfo(own);
    const messages = await consumer.consume({ max_messages: BUFFERED, ...CONSUMING });
    return new PartitionReader(consumer, messages, own.num_pending, { reader, savedFloor }, options);
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
    const { floor, stream } = progress;
    if (floor <= this.#savedFloor) return;
    await saved.save(partition, stream, floor);
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
    for await (const message of this.#messages) {
      const { data, seq } = message;
      this.#knows(message.info.pending);
      const state = progress.delivered(seq, message, message.info.deliverySequence, this.#reader);
      // The reader that is opened next replaces the consumer.
      if (state === 'reset') return this.#messages.stop();
      if (state === 'stored') this.#reply(() => message.ack());
      if (state !== 'new') continue;
      const { epoch } = progress;
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

/**
 * On one server the state of a consumer is in memory: saved-progress.ts says why, and what that takes. On several it is on disk as the stream is: a server that was
 * restarted would have nothing to say about a consumer in memory, and with another one down nobody could read.
 */
function configOf(
  partition: number,
  name: string,
  { floor, replicas }: { floor: number; replicas: number },
): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    filter_subject: subjectOf(partition),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: UNACKNOWLEDGED,
    mem_storage: replicas === 1,
    ...(floor === 0
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: floor + 1 }),
  };
}

/** What the API of JetStream replies; the client has no call for it. */
interface NamesPage {
  consumers?: string[] | null;
  total: number;
  error?: { description: string };
}

/**
 * The consumers of a partition. By their names, which every cluster knows completely: a list of consumers leaves out those whose server does not answer, and reading would
 * begin with the oldest batch again.
 * @throws Error of the client: also where one of them does not answer, since it knows where to begin
 */
async function consumersOf(
  connection: NatsConnection,
  manager: JetStreamManager,
  partition: number,
): Promise<ConsumerInfo[]> {
  const names: string[] = [];
  for (let offset = 0, total = 1; offset < total; ) {
    const reply = await connection.request(`$JS.API.CONSUMER.NAMES.${STREAM}`, JSON.stringify({ offset }), {
      timeout: NAMES_MS,
    });
    const page = reply.json<NamesPage>();
    if (page.error !== undefined) throw new Error(page.error.description);
    const found = page.consumers ?? [];
    names.push(...found.filter((name) => name.startsWith(prefixOf(partition))));
    if (found.length === 0) break;
    offset += found.length;
    total = page.total;
  }
  return Promise.all(names.map((name) => manager.consumers.info(STREAM, name)));
}
