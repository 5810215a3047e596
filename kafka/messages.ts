/** What the triggering service's main thread and the thread that sends to Kafka say to each other. */
import type { KafkaServers } from '../config/settings.js';

export interface SenderStart {
  servers: KafkaServers;
  clientId: string;
}

/** A batch of measurements, as store/write-codec.ts writes it. */
export interface ToSender {
  body: Uint8Array;
}

/** What became of the batch. */
export type FromSender =
  /** Kafka has it, apart from records that it never takes */
  | { type: 'sent'; refused: number }
  /** it is to be sent again */
  | { type: 'failed'; problem: string }
  /** it cannot be read */
  | { type: 'damaged' };
