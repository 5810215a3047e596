/**
 * The stream of one-second summaries, one message for each partition and second, and the record of the service that is elected to run plugins on them. Kept for
 * some minutes, so that a successor finds the seconds that nobody has seen to the end.
 */
import {
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { CONSUMING } from './consuming.js';
import { ensureFileStream, isWrongSequence } from './file-stream.js';

export const SUMMARY_STREAM = 'MAKAI_SUMMARIES';
const SUMMARIES = 'makai.summaries';
const ALL_SUMMARIES = `${SUMMARIES}.*`;
const RECORD = 'makai.comparing';
/** How long a summary is kept, ms. */
export const KEPT_MS = 300_000;
const MAX_BYTES = 2 ** 30;
const MESSAGE_BYTES_MAX = 2 ** 20;
const REQUEST_MS = 2000;
/** Summaries that are on their way to a reader. */
const BUFFERED = 256;

const MADE = {
  name: SUMMARY_STREAM,
  subjects: [ALL_SUMMARIES, RECORD],
  description: 'One-second summaries of partitions, for plugins that compare boxes (makai)',
  discard: DiscardPolicy.Old,
  max_age: nanos(KEPT_MS),
  max_bytes: MAX_BYTES,
  max_msg_size: MESSAGE_BYTES_MAX,
};

export interface StoredRecord {
  data: Uint8Array;
  seq: number;
  /** when it was written, by a clock of NATS, Unix ms */
  writtenMs: number;
}

export class SummaryStream {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  /**
   * Makes the stream where it is missing.
   * @throws Error of the client: no JetStream, no space, no permission
   */
  static async open(connection: NatsConnection, replicas: number): Promise<SummaryStream> {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    await ensureFileStream(manager, MADE, { num_replicas: replicas });
    return new SummaryStream(jetstream(connection, { timeout: REQUEST_MS }), manager);
  }

  /** @throws Error of the client, where it is not known that the stream has it */
  async publish(partition: number, data: Uint8Array): Promise<void> {
    await this.#client.publish(`${SUMMARIES}.${partition}`, data, {
      expect: { streamName: SUMMARY_STREAM },
    });
  }

  /** The record of who is elected; undefined: there is none. @throws Error of the client */
  async record(): Promise<StoredRecord | undefined> {
    const found = await this.#manager.streams.getMessage(SUMMARY_STREAM, { last_by_subj: RECORD });
    return found === null ? undefined : { data: found.data, seq: found.seq, writtenMs: found.time.getTime() };
  }

  /**
   * Writes the record, if nobody has written one since.
   * @param after number of the one that is known, 0: none
   * @returns its number; undefined: somebody else has written one
   * @throws Error of the client, where it is not known whether it was written
   */
  async write(data: Uint8Array, after: number): Promise<number | undefined> {
    try {
      const { seq } = await this.#client.publish(RECORD, data, {
        expect: { streamName: SUMMARY_STREAM, lastSubjectSequence: after },
      });
      return seq;
    } catch (error) {
      if (isWrongSequence(error)) return undefined;
      throw error;
    }
  }

  /**
   * Reads summaries in the order in which they were written, until `signal` is aborted.
   * @param fromMs those that were written then or later
   * @param take gets each, and whether it is the newest there is
   * @throws Error of the client: the stream is gone
   */
  async read(
    fromMs: number,
    take: (data: Uint8Array, isNewest: boolean) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const consumer = await this.#client.consumers.get(SUMMARY_STREAM, {
      filter_subjects: [ALL_SUMMARIES],
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(fromMs).toISOString(),
    });
    const messages = await consumer.consume({ max_messages: BUFFERED, ...CONSUMING });
    const stop = (): void => messages.stop();
    signal.addEventListener('abort', stop);
    try {
      if (signal.aborted) stop();
      for await (const message of messages) take(message.data, message.info.pending === 0);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
