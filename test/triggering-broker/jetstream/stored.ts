/** What is in the stream of measurements, read by another client than ours. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NodeConnectionOptions } from '@nats-io/transport-node';
import { decodeBatch } from '../../../nats/batch.js';
import { partitionOf, STREAM, subjectOf } from '../../../nats/partition.js';

const READ_MS = 5000;
/** A cluster that has just lost a server does not answer what it was asked before it has another leader. */
const TRIES = 20;

export interface StoredMessage {
  topic: string;
  text: string;
}

/** All messages in the stream, in its order. @throws Error where a batch is not one, or is under a subject of another partition */
export async function storedMessages(
  url: string,
  options: NodeConnectionOptions = {},
): Promise<StoredMessage[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readAll(url, options);
    } catch (error) {
      if (tries >= TRIES || !(error instanceof Error) || error.name !== 'TimeoutError') throw error;
    }
  }
}

async function readAll(url: string, options: NodeConnectionOptions): Promise<StoredMessage[]> {
  const connection = await connect({ servers: url, timeout: READ_MS, ...options });
  try {
    const manager = await jetstreamManager(connection);
    const { messages: count } = (await manager.streams.info(STREAM)).state;
    const found: StoredMessage[] = [];
    if (count === 0) return found;
    const consumer = await jetstream(connection).consumers.get(STREAM);
    const messages = await consumer.consume({ max_messages: 500 });
    let left = count;
    for await (const { data, subject } of messages) {
      const batch = decodeBatch(data);
      if (batch === undefined) throw new Error(`no batch under ${subject}`);
      for (const [topic = new Uint8Array(), payload = new Uint8Array()] of batch.messages) {
        if (subjectOf(partitionOf(topic)) !== subject) throw new Error(`${topic} under ${subject}`);
        found.push({ topic: Buffer.from(topic).toString(), text: Buffer.from(payload).toString() });
      }
      left -= 1;
      if (left === 0) break;
    }
    return found;
  } finally {
    await connection.close();
  }
}

/** How many batches the stream holds, and its limits; undefined: there is no stream or no server. */
export async function streamState(url: string) {
  const connection = await connect({ servers: url, timeout: READ_MS, reconnect: false });
  try {
    const manager = await jetstreamManager(connection);
    return await manager.streams.info(STREAM);
  } finally {
    await connection.close();
  }
}
