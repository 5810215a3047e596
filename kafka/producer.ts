/**
 * Sends records to Kafka with an idempotent producer: they are acknowledged by all replicas in sync. A failure that the tries of the client did not overcome
 * ends the client, and the next records get a new one: a client whose session Kafka has forgotten does not recover. Whoever sends repeats what failed.
 */
import { isIP } from 'node:net';
import { compatibilityPartitioner, Producer } from '@platformatic/kafka';
import { deadline, systemClock, within } from '../common/clock.js';
import { MakaiError, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import { Turn } from '../common/turn.js';
import type { KafkaServers } from '../config/settings.js';
import { saslOf, tlsOf } from './files.js';
import type { KafkaRecord } from './records.js';

/** Of one request. A broker takes batches of 1 MB (`message.max.bytes`) by default. */
const SEND_BYTES = 500_000;
const SEND_RECORDS = 4000;
const RECORD_BYTES = 30;
/** Tries within one session of the producer: none of them doubles a record. */
const RETRIES = 4;
const RETRY_MS = 500;
const CONNECT_MS = 5000;
const REQUEST_MS = 10_000;
/** All tries together. */
const SEND_MS = 60_000;
const CLOSE_MS = 2000;

type Client = Producer<Buffer, Buffer, Buffer, Buffer>;

export class KafkaProducer implements Running {
  readonly #servers: KafkaServers;
  readonly #clientId: string;
  /** Two requests at a time would have the same sequence numbers. */
  readonly #turn = new Turn();
  #client: Client | undefined;
  #isStopped = false;

  /** Kafka need not be there. */
  constructor(servers: KafkaServers, clientId: string) {
    this.#servers = servers;
    this.#clientId = clientId;
  }

  /**
   * Fulfilled when Kafka has the records.
   * @returns how many of them it never takes, because one alone is larger than it allows
   * @throws MakaiError KAFKA_UNAVAILABLE where it is not known that it has all of them
   */
  send(records: readonly KafkaRecord[]): Promise<number> {
    return this.#turn.run(async () => {
      let refused = 0;
      for (const some of portions(records)) refused += await this.#sendSome(some);
      return refused;
    });
  }

  /** What is under way is not waited for. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#drop(this.#client);
  }

  async #sendSome(records: readonly KafkaRecord[]): Promise<number> {
    if (records.length === 0) return 0;
    try {
      await this.#request(records);
      return 0;
    } catch (error) {
      if (!isTooLarge(error)) throw new MakaiError('KAFKA_UNAVAILABLE', problemOf(error), { cause: error });
      if (records.length === 1) return 1;
      const half = records.length >> 1;
      return (await this.#sendSome(records.slice(0, half))) + (await this.#sendSome(records.slice(half)));
    }
  }

  async #request(records: readonly KafkaRecord[]): Promise<void> {
    if (this.#isStopped) throw new Error('stopped');
    this.#client ??= this.#open();
    const client = this.#client;
    const messages = records.map(({ key, topic, value }) => ({
      topic,
      key: Buffer.from(key),
      value: typeof value === 'string' ? Buffer.from(value) : Buffer.from(value),
    }));
    try {
      const late = (): Error => new Error(`Kafka did not answer within ${SEND_MS / 1000} s`);
      await deadline(client.send({ messages }), SEND_MS, systemClock, late);
    } catch (error) {
      void this.#drop(client);
      throw error;
    }
  }

  async #drop(client: Client | undefined): Promise<void> {
    if (this.#client === client) this.#client = undefined;
    if (client === undefined) return;
    const closed = new Promise<void>((resolve) => client.close(true, () => resolve()));
    await within(closed, CLOSE_MS, systemClock);
  }

  /** Files are read at each opening, so that another password or a new certificate needs no restart. */
  #open(): Client {
    const { brokers, sasl, tls } = this.#servers;
    return new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: this.#clientId,
      bootstrapBrokers: [...brokers],
      idempotent: true,
      // As clients in Java: the broker's own setting decides whether a topic that is missing is made.
      autocreateTopics: true,
      // As clients in Java: a box is in the same partition, whoever writes.
      partitioner: compatibilityPartitioner,
      retries: RETRIES,
      retryDelay: RETRY_MS,
      connectTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      timeout: REQUEST_MS,
      ...(tls === undefined
        ? {}
        : { tls: tlsOf(tls), tlsServerName: !brokers.some((address) => isIP(hostOf(address)) > 0) }),
      ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    });
  }
}

const hostOf = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

/** In their order, each small enough for one request. */
function* portions(records: readonly KafkaRecord[]): Generator<KafkaRecord[]> {
  let some: KafkaRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = RECORD_BYTES + record.key.length + Buffer.byteLength(record.value);
    if (some.length > 0 && (bytes + size > SEND_BYTES || some.length >= SEND_RECORDS)) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(record);
    bytes += size;
  }
  yield some;
}

const isTooLarge = (error: unknown): boolean =>
  leavesOf(error).some((leaf) => 'apiId' in leaf && leaf.apiId === 'MESSAGE_TOO_LARGE');

/** The client wraps errors in errors: the innermost of the last one says what happened. */
function problemOf(error: unknown): string {
  return messageOf(leavesOf(error).at(-1) ?? error);
}

function leavesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const below = [...(error instanceof AggregateError ? error.errors : []), error.cause].flatMap(leavesOf);
  return below.length > 0 ? below : [error];
}
