/** Which boxes sent measurements of a partition lately: looked up in the stream by who takes the partition over. */
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isBoxId } from '../common/box-id.js';
import { decodeBatch } from './batch.js';
import { CONSUMING } from './consuming.js';
import { partitionOfBox, STREAM, subjectOf } from './partition.js';

/** Batches that are on their way. */
const BUFFERED = 32;

/**
 * Reads the topics of what was received since `fromMs`; measurements are not decoded.
 * @param take is called with each box and when the relay received it, Unix ms
 * @throws Error of the client
 */
export async function readRecentBoxes(
  connection: NatsConnection,
  partition: number,
  fromMs: number,
  take: (boxId: number, receivedMs: number) => void,
): Promise<void> {
  const consumer = await jetstream(connection).consumers.get(STREAM, {
    filter_subjects: [subjectOf(partition)],
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(fromMs).toISOString(),
  });
  try {
    const { num_pending } = await consumer.info(true);
    if (num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: BUFFERED, ...CONSUMING });
    for await (const message of messages) {
      const batch = decodeBatch(message.data);
      for (const [topic] of batch?.messages ?? []) {
        const boxId = Number(Buffer.from(topic ?? []).toString('latin1'));
        if (isBoxId(boxId) && partitionOfBox(boxId) === partition) take(boxId, batch?.receivedMs ?? 0);
      }
      // What comes from now on is read by the partition's reader.
      if (message.info.pending === 0) messages.stop();
    }
  } finally {
    await consumer.delete().catch(() => false);
  }
}
