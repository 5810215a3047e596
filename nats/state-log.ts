/**
 * The state of the gateways: a log of changes in JetStream, which the active one writes and its successor reads. Each message is written on the condition that the last one is the
 * one that the writer knows. So whoever has begun after another one ends that one's writing, whatever it believes.
 */
import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { CONSUMING } from './consuming.js';
import { ensureFileStream, isWrongSequence } from './file-stream.js';

export const STATE_STREAM = 'MAKAI_GATEWAY';
const SUBJECT = 'makai.gateway.state';
/** Longest message; a row that is longer goes alone, and NATS allows 1 MiB by default. */
export const STATE_MESSAGE_BYTES = 512 * 1024;
const REQUEST_MS = 3000;
/** Where no further message comes for so long, it is not waited for. */
const READ_MS = 10_000;
const ID_HEADER = 'Nats-Msg-Id';
const MADE = {
  name: STATE_STREAM,
  subjects: [SUBJECT],
  description: 'What the active gateway has to do, for its successor (makai)',
};

export class StateLog {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  readonly #readMs: number;

  private constructor(client: JetStreamClient, manager: JetStreamManager, readMs: number) {
    this.#client = client;
    this.#manager = manager;
    this.#readMs = readMs;
  }

  /**
   * Makes the stream where it is missing.
   * @param readMs a read waits so long for each message
   * @throws Error of the client: no JetStream, no space, no permission
   */
  static async open(connection: NatsConnection, replicas: number, readMs = READ_MS): Promise<StateLog> {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    await ensureFileStream(manager, MADE, { num_replicas: replicas });
    return new StateLog(jetstream(connection, { timeout: REQUEST_MS }), manager, readMs);
  }

  /**
   * Reads all that is there, oldest first.
   * @returns number of the last message (0: there never was one), and its id
   * @throws Error of the client; Error where NATS does not go on
   */
  async read(take: (data: Uint8Array) => void): Promise<{ last: number; id: string }> {
    const { state } = await this.#manager.streams.info(STATE_STREAM);
    if (state.messages === 0) return { last: state.last_seq, id: '' };
    const consumer = await this.#client.consumers.get(STATE_STREAM, {
      deliver_policy: DeliverPolicy.All,
    });
    const messages = await consumer.consume({ max_messages: 64, ...CONSUMING });
    let last = 0;
    let id = '';
    const late = setTimeout(() => messages.stop(), this.#readMs);
    try {
      for await (const { data, headers, seq } of messages) {
        late.refresh();
        take(data);
        last = seq;
        id = headers?.get(ID_HEADER) ?? '';
        if (seq >= state.last_seq) break;
      }
    } finally {
      clearTimeout(late);
    }
    if (last < state.last_seq) throw new Error('the state of the gateways was not read to its end');
    return { last, id };
  }

  /**
   * Writes one more.
   * @param id the same when it is written again because it is not known whether it was written
   * @param after number of the last message
   * @returns its number; undefined: somebody else has written
   * @throws Error of the client, where it is not known whether it was written
   */
  async append(data: Uint8Array, id: string, after: number): Promise<number | undefined> {
    try {
      const { seq } = await this.#client.publish(SUBJECT, data, {
        msgID: id,
        expect: { streamName: STATE_STREAM, lastSequence: after },
      });
      return seq;
    } catch (error) {
      if (!isWrongSequence(error)) throw error;
      // An earlier try may have been written, and only its reply been lost.
      const last = await this.#manager.streams.getMessage(STATE_STREAM, { last_by_subj: SUBJECT });
      return last?.header.get(ID_HEADER) === id ? last.seq : undefined;
    }
  }

  /** Removes those before. @throws Error of the client */
  async forget(before: number): Promise<void> {
    await this.#manager.streams.purge(STATE_STREAM, { seq: before });
  }
}
