/**
 * What acquisition brokers say to each other, as plain messages of NATS: nothing of it is kept there. A message to all is heard by all others, one to a member by
 * that member alone. What is in the messages is the brokers' own affair.
 */
import type { Msg } from '@nats-io/transport-node';
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { NatsServers } from '../config/settings.js';
import { type NatsConnection, NatsLink } from './link.js';

const PREFIX = 'makai.acquisition';
/** To all: who is there with which boxes, whose a reply is, what was announced, and what `makai status --cluster` asks. */
export const TO_ALL = ['presence', 'claims', 'notices', 'overview'] as const;
/** To one member: commands for boxes of it, pieces of a reply that it asked for. */
export const TO_ONE = ['commands', 'pieces'] as const;
export type BusChannel = (typeof TO_ALL)[number] | (typeof TO_ONE)[number];

/** A message may be so much smaller than the servers allow: for the subject and the head. */
const HEADROOM_BYTES = 4096;
/** Pieces are no longer than this, however much the servers allow. */
const PIECE_BYTES = 512 * 1024;
/** Nor shorter, but for the last one. */
export const MIN_PIECE_BYTES = 1024;

export interface BusOptions {
  servers: NatsServers;
  /** shown by the server beside the connection */
  name: string;
  /** this broker: no other one has the name (`newMember`) */
  member: string;
  log: Logger;
  /** What it throws is logged. @param respond undefined where nobody waits for a reply */
  take(channel: BusChannel, data: Uint8Array, respond: ((data: Uint8Array) => void) | undefined): void;
  connected(connection: NatsConnection): void;
  disconnected(): void;
}

export class BrokerBus implements Running {
  readonly #options: BusOptions;
  readonly #log: ThrottledLog;
  readonly #link: NatsLink;
  /** the connection that was subscribed on; the client subscribes again by itself when it connects again */
  #subscribed: NatsConnection | undefined;

  constructor(options: BusOptions) {
    const { log, name, servers } = options;
    this.#options = options;
    this.#log = new ThrottledLog(log);
    this.#link = new NatsLink({
      ...{ servers, name, log },
      connected: (connection) => {
        this.#subscribe(connection);
        options.connected(connection);
      },
      disconnected: () => options.disconnected(),
    });
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** How much of a reply goes in one piece. */
  get pieceBytes(): number {
    const allowed = this.#link.connection?.info?.max_payload ?? PIECE_BYTES;
    return Math.max(MIN_PIECE_BYTES, Math.min(PIECE_BYTES, allowed - HEADROOM_BYTES));
  }

  /** @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for the files that the settings name */
  start(): void {
    this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  /** Sends, if there is a connection. @param member undefined: to all @returns whether it was sent */
  send(channel: BusChannel, data: Uint8Array, member?: string): boolean {
    const { connection } = this.#link;
    if (connection === undefined) return false;
    try {
      connection.publish(subjectOf(channel, member), data);
      return true;
    } catch (error) {
      // Too long for the servers, or closed just now.
      this.#log.warn({ channel, problem: messageOf(error) }, 'a message to other brokers was not sent');
      return false;
    }
  }

  /** Asks, and waits for the first reply. @returns undefined when none came in time */
  async ask(
    channel: BusChannel,
    data: Uint8Array,
    timeoutMs: number,
    member?: string,
  ): Promise<Uint8Array | undefined> {
    const { connection } = this.#link;
    if (connection === undefined) return undefined;
    try {
      const reply = await connection.request(subjectOf(channel, member), data, { timeout: timeoutMs });
      return reply.data;
    } catch {
      return undefined;
    }
  }

  #subscribe(connection: NatsConnection): void {
    if (this.#subscribed === connection) return;
    this.#subscribed = connection;
    const { member } = this.#options;
    for (const channel of TO_ALL) this.#listen(connection, channel, subjectOf(channel));
    for (const channel of TO_ONE) this.#listen(connection, channel, subjectOf(channel, member));
  }

  #listen(connection: NatsConnection, channel: BusChannel, subject: string): void {
    connection.subscribe(subject, {
      callback: (error: Error | null, message: Msg) => {
        if (error !== null)
          this.#log.warn({ subject, problem: error.message }, 'messages of other brokers are not received');
        else this.#take(channel, message);
      },
    });
  }

  /** Never throws: the client would end its connection, and for seconds nothing would be heard. */
  #take(channel: BusChannel, message: Msg): void {
    try {
      this.#options.take(channel, message.data, responderOf(message));
    } catch (error) {
      this.#log.error({ channel, problem: messageOf(error) }, 'a message of another broker was not taken');
    }
  }
}

function responderOf(message: Msg): ((data: Uint8Array) => void) | undefined {
  if (message.reply === undefined || message.reply === '') return undefined;
  return (data) => {
    message.respond(data);
  };
}

export function subjectOf(channel: BusChannel, member?: string): string {
  return member === undefined ? `${PREFIX}.${channel}` : `${PREFIX}.${channel}.${member}`;
}
