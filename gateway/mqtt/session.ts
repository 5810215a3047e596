/** What the session at a broker elsewhere is subscribed to: nothing is subscribed to twice, and what nobody wants any more is taken back. */
import type { MqttClient } from 'mqtt';
import type { ThrottledLog } from '../../common/throttled-log.js';

/** Which filters the broker has for our session, kept on disk: those that nobody here wants any more are taken back. */
export interface SessionFilters {
  get(): readonly string[];
  put(filters: readonly string[]): void;
}

export interface SessionOptions {
  client: Pick<MqttClient, 'connected' | 'subscribeAsync' | 'unsubscribeAsync'>;
  filters: SessionFilters | undefined;
  /** filter → how sure it must be, of all that are wanted now */
  wanted: () => ReadonlyMap<string, 0 | 1>;
  log: ThrottledLog;
}

export class Session {
  readonly #options: SessionOptions;
  /** filter → what this process asked the broker for; those that are confirmed are in the session */
  readonly #asked = new Map<string, { qos: 0 | 1; isConfirmed: boolean }>();
  /** filters that may be in the session until the broker confirms that they are not */
  readonly #leaving = new Set<string>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * A connection begins. With each subscription the broker sends all retained messages again, so only those are sent that the session does not have for sure: all at the first
   * connection of this process. Filters of an earlier start that nobody wants are taken back.
   * @param isPresent the broker still has the session
   */
  connected(isPresent: boolean): void {
    const { filters, wanted } = this.#options;
    if (!isPresent) {
      this.#asked.clear();
      this.#leaving.clear();
    }
    const before = isPresent ? new Set([...(filters?.get() ?? []), ...this.#leaving]) : new Set<string>();
    const now = wanted();
    for (const filter of now.keys()) before.delete(filter);
    // Kept before anything is sent: the process may end at any moment.
    for (const filter of before) this.#leaving.add(filter);
    this.#keep();
    for (const [filter, qos] of now) {
      const asked = this.#asked.get(filter);
      if (asked?.isConfirmed !== true || asked.qos !== qos) this.#subscribe(filter, qos);
    }
    if (before.size > 0) void this.leave([...before]);
  }

  /** While there is a connection. The broker is not waited for. */
  join(filter: string): void {
    this.#keep();
    this.#subscribe(filter, this.#options.wanted().get(filter) ?? 1, this.#asked.get(filter)?.isConfirmed);
  }

  /** Never rejects. Where the broker does not confirm it, the next connection asks again. */
  async leave(filters: readonly string[]): Promise<void> {
    const { client } = this.#options;
    for (const filter of filters) {
      this.#asked.delete(filter);
      this.#leaving.add(filter);
    }
    if (!client.connected) return;
    const one = async (filter: string): Promise<void> => {
      await client.unsubscribeAsync(filter);
      this.#leaving.delete(filter);
    };
    await Promise.allSettled(filters.map(one));
    this.#keep();
  }

  /** @param isAgain the session has it with another QoS: with MQTT 5 the broker does not send its retained messages again */
  #subscribe(filter: string, qos: 0 | 1, isAgain = false): void {
    const { client, log } = this.#options;
    const asked = { qos, isConfirmed: false };
    this.#asked.set(filter, asked);
    client.subscribeAsync(filter, isAgain ? { qos, rh: 1 } : { qos }).then(
      () => {
        asked.isConfirmed = true;
      },
      (error: unknown) => {
        if (client.connected) log.warn({ err: error, filter }, 'the MQTT broker refused a subscription');
      },
    );
  }

  #keep(): void {
    const { filters, log, wanted } = this.#options;
    try {
      filters?.put([...new Set([...wanted().keys(), ...this.#leaving])]);
    } catch (error) {
      log.warn({ err: error }, 'which topics are subscribed to could not be kept on disk');
    }
  }
}
