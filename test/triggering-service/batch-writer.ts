/** Writes measurements of Box 2s into the stream in NATS, as the stream relay does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { BatchBuilder, messageSize } from '../../nats/batch.js';
import { partitionOfBox } from '../../nats/partition.js';
import { Publisher } from '../../nats/publisher.js';
import { ensureStream } from '../../nats/stream.js';
import { triggerMessage } from '../../proto/index.js';

export class BatchWriter {
  readonly #connection: NatsConnection;
  readonly #publisher: Publisher;
  #batches = 0;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#publisher = new Publisher(connection);
  }

  static async open(url: string, options: NodeConnectionOptions = {}, replicas = 1): Promise<BatchWriter> {
    const again = { maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    const connection = await connect({ servers: url, ...again, ...options });
    try {
      await ensureStream(connection, { replicas, maxBytes: 2 ** 28, maxAgeMs: 3_600_000 });
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new BatchWriter(connection);
  }

  /** One measurement of each box, acknowledged by JetStream. @param rms volts @param receivedMs when the relay got it */
  async write(boxIds: readonly number[], timeMs: number, rms = 120, receivedMs = Date.now()): Promise<void> {
    const builders = new Map<number, BatchBuilder>();
    for (const id of boxIds) {
      const partition = partitionOfBox(id);
      const builder = builders.get(partition) ?? new BatchBuilder();
      builders.set(partition, builder);
      const rest = { frequency: 60, thd: 0.02, lastGps: 0, currentCount: 0, flags: 0 };
      const frames = [Buffer.from(String(id)), triggerMessage.encode({ id, time: timeMs, rms, ...rest })];
      builder.add(frames, messageSize(frames));
    }
    await this.writeBytes([...builders].map(([partition, builder]) => [partition, builder.take(receivedMs)]));
  }

  async writeBytes(batches: readonly (readonly [partition: number, body: Uint8Array])[]): Promise<void> {
    await Promise.all(
      batches.map(([partition, body]) => {
        this.#batches += 1;
        return this.#write(partition, `test-${process.pid}-${this.#batches}`, body);
      }),
    );
  }

  /** Until JetStream has it: the server may be killed meanwhile. */
  async #write(partition: number, id: string, body: Uint8Array): Promise<void> {
    for (;;) {
      try {
        await this.#publisher.publish(partition, id, body);
        return;
      } catch {
        await sleep(100); // under the same id
      }
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
