/**
 * Reads the batches of one partition, in their order, from the first one that no owner before has acknowledged. Each owner has a durable consumer of its own,
 * named by the revision of its lease: the consumer of the owner before is deleted, so that one that still believes to own the partition receives nothing more.
 */
import {
  AckPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { STREAM, subjectOf } from './partition.js';

/** Batches that are on their way to this process, of one partition. Of all 64, and of the longest that the stream takes, they are 128 MiB. */
const BUFFERED = 16;
/** Batches that are not acknowledged, of one partition; no more are delivered. */
const UNACKNOWLEDGED = 1024;
/**
 * A batch that is not acknowledged within this time is delivered again, ms: one that was on its way when a connection broke comes so much later. One that still waits
 * for the store here is not taken twice.
 */
const ACK_WAIT_MS = 30_000;
/** Acknowledged batches that are remembered: if an acknowledgement was lost with the connection, the batch comes again. */
const REMEMBERED = 4096;
/** Pause before a batch comes again that the store did not take, ms. */
const AGAIN_MS = 5000;

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

export class PartitionReader {
  readonly #messages: ConsumerMessages;
  readonly #partition: number;
  readonly #log: Logger;
  /** stream sequences that were handed out and not acknowledged: a batch that comes again meanwhile is not taken twice */
  readonly #open = new Set<number>();
  /** sequences of those that were acknowledged last, in a ring */
  readonly #acknowledged = new Float64Array(REMEMBERED);
  #acknowledgements = 0;
  #waiting = 0;
  /** fulfilled when it reads no more: it was stopped, or the client gave up */
  readonly ended: Promise<void>;

  private constructor(
    messages: ConsumerMessages,
    partition: number,
    take: (batch: Delivered) => Promise<void> | undefined,
    log: Logger,
  ) {
    this.#messages = messages;
    this.#partition = partition;
    this.#log = log;
    this.ended = this.#read(take).catch((error: unknown) =>
      log.warn({ partition, problem: messageOf(error) }, 'reading a partition ended'),
    );
  }

  /**
   * Begins to read.
   * @param revision of the lease
   * @param take what it returns is waited for before the next batch
   * @param isSure whether the lease was renewed since this was tried first: a consumer of a higher revision is then left from a bucket of leases that was lost
   * @throws Error of the client: no stream, no connection; or where there is a consumer of a higher revision
   */
  static async open(
    connection: NatsConnection,
    partition: number,
    revision: number,
    take: (batch: Delivered) => Promise<void> | undefined,
    log: Logger,
    isSure: boolean,
  ): Promise<PartitionReader> {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const before = await consumersOf(manager, partition);
    const name = `${prefixOf(partition)}${revision}`;
    if (!isSure && before.some((info) => revisionIn(info) > revision))
      throw new Error('the partition has another owner');
    const acknowledged = Math.max(0, ...before.map((info) => info.ack_floor.stream_seq));
    if (!before.some((info) => info.name === name))
      await manager.consumers.add(STREAM, {
        durable_name: name,
        filter_subject: subjectOf(partition),
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ACK_WAIT_MS),
        max_ack_pending: UNACKNOWLEDGED,
        ...(acknowledged === 0
          ? { deliver_policy: DeliverPolicy.All }
          : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: acknowledged + 1 }),
      });
    for (const info of before) if (info.name !== name) await manager.consumers.delete(STREAM, info.name);
    const consumer = await jetstream(connection).consumers.get(STREAM, name);
    const messages = await consumer.consume({ max_messages: BUFFERED, abort_on_missing_resource: true });
    return new PartitionReader(messages, partition, take, log);
  }

  /** Batches that were handed out and not acknowledged. */
  get unacknowledged(): number {
    return this.#open.size;
  }

  /** Batches that the server had for it when the last one came. */
  get waiting(): number {
    return this.#waiting;
  }

  /** No batch is handed out any more. */
  async stop(): Promise<void> {
    this.#messages.stop();
    await this.ended;
  }

  async #read(take: (batch: Delivered) => Promise<void> | undefined): Promise<void> {
    for await (const message of this.#messages) {
      const { data, seq } = message;
      this.#waiting = message.info.pending;
      if (this.#open.has(seq)) continue;
      if (message.redelivered && this.#acknowledged.includes(seq)) {
        this.#reply(() => message.ack());
        continue;
      }
      this.#open.add(seq);
      await take({
        partition: this.#partition,
        data,
        acknowledge: () => {
          this.#open.delete(seq);
          this.#acknowledged[this.#acknowledgements % REMEMBERED] = seq;
          this.#acknowledgements += 1;
          this.#reply(() => message.ack());
        },
        giveBack: () => {
          this.#open.delete(seq);
          this.#reply(() => message.nak(AGAIN_MS));
        },
        leave: () => void this.#open.delete(seq),
      });
    }
  }

  /** Where the connection was closed meanwhile the batch comes again, here or elsewhere. */
  #reply(reply: () => void): void {
    try {
      reply();
    } catch (error) {
      this.#log.debug({ partition: this.#partition, problem: messageOf(error) }, 'a batch gets no reply');
    }
  }
}

async function consumersOf(manager: JetStreamManager, partition: number): Promise<ConsumerInfo[]> {
  const found: ConsumerInfo[] = [];
  for await (const info of manager.consumers.list(STREAM))
    if (info.name.startsWith(prefixOf(partition))) found.push(info);
  return found;
}
