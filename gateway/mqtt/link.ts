/** The connection to MQTT, whoever the broker is. */
import type { Running } from '../../common/lifecycle.js';

export interface Incoming {
  topic: string;
  payload: Buffer;
  /** the broker had it from before the subscription */
  retain: boolean;
  /** where its sender wants the reply (MQTT 5) */
  responseTopic?: string | undefined;
  correlationData?: Buffer | undefined;
}

export interface Outgoing {
  topic: string;
  payload: string | Buffer;
  retain?: boolean;
  correlationData?: Buffer | undefined;
  /** it comes from elsewhere, and is heard like what clients publish */
  isPassedOn?: boolean;
}

export interface SubscribeOptions {
  /** also what this link publishes. A broker elsewhere sends it back in any case */
  own?: boolean;
  /** it returns a promise, which is rejected where the message could not be kept: it hears the message before those that keep nothing */
  keeps?: boolean;
  /** 0: a broker elsewhere keeps nothing for us while we do not run. Default 1 */
  qos?: 0 | 1;
}

export interface LinkStatus {
  /** without a password */
  broker: string;
  embedded: boolean;
  connected: boolean;
  /** Unix ms since when */
  since_ms: number;
  /** why it is not connected */
  reason?: string | undefined;
  /** connections so far */
  connections: number;
}

/**
 * Takes a message. It is confirmed to its sender when this has returned, or when the promise is fulfilled; where that is rejected, a broker elsewhere sends it again.
 * Nothing else is heard meanwhile: what takes longer than a write to disk must not be waited for.
 */
export type Hear = (message: Incoming) => void | Promise<void>;

export interface Link extends Running {
  /**
   * Begins, once all who want to hear have subscribed: what waits at a broker for the gateway comes immediately.
   * @throws MakaiError ENDPOINT_IN_USE, ENDPOINT_UNAVAILABLE for the embedded broker
   */
  open(): Promise<void>;
  /** The first step of a stop: what comes from now on waits at the broker for the next start. Publishing goes on. */
  endHearing(): void;
  /** messages that may be under way at the same time */
  readonly window: number;
  status(): LinkStatus;
  /**
   * Publishes at QoS 1. Fulfilled when the broker has confirmed it, however long that takes; a lost connection in between means that it is sent again.
   * @throws MakaiError MQTT_REFUSED where the broker refuses the message, MQTT_STOPPED when the link is stopped before
   */
  publish(message: Outgoing): Promise<void>;
  /** Hears the topics of a filter. @returns how to end that; the broker is not waited for */
  subscribe(filter: string, heard: Hear, options?: SubscribeOptions): Promise<() => Promise<void>>;
  /** Calls back at each connection, also when there is one already. */
  onConnected(connected: () => void): void;
}
