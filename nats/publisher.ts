/** Publishes batches to the stream of measurements. */
import { JetStreamApiError, type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { InvalidArgumentError, type NatsConnection } from '@nats-io/transport-node';
import { STREAM, subjectOf } from './partition.js';

/** How long JetStream may take to acknowledge: a cluster that elects a leader takes seconds. */
const ACK_MS = 5000;
/** `JSStreamMessageExceedsMaximumErr` of the server: the stream takes no message of this size. */
const MESSAGE_TOO_LONG = 10054;

export class Publisher {
  readonly #client: JetStreamClient;

  constructor(connection: NatsConnection) {
    this.#client = jetstream(connection, { timeout: ACK_MS });
  }

  /**
   * Publishes a batch.
   * @param id JetStream takes a batch of one id once (stream.ts says for how long)
   * @returns `duplicate`: the stream had it; `refused`: the server will never take it, because it is too long for its limits
   * @throws Error of the client, where it is not known that the stream has it
   */
  async publish(
    partition: number,
    id: string,
    body: Uint8Array,
  ): Promise<'stored' | 'duplicate' | 'refused'> {
    try {
      const { duplicate } = await this.#client.publish(subjectOf(partition), body, {
        msgID: id,
        expect: { streamName: STREAM },
      });
      return duplicate ? 'duplicate' : 'stored';
    } catch (error) {
      if (isTooLong(error)) return 'refused';
      throw error;
    }
  }
}

function isTooLong(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === MESSAGE_TOO_LONG;
  return error instanceof InvalidArgumentError && error.message.includes('max_payload');
}
