/** A triggering service between a publisher that stands for the triggering broker and a PULL that stands for the acquisition broker. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pull, XPublisher } from 'zeromq';
import { createLogger } from '../../common/log.js';
import { parseSettings, type TriggeringServiceSettings } from '../../config/index.js';
import { measurement, requestEvent, triggerMessage } from '../../proto/index.js';
import type { MetricValues, RequestEventMessage } from '../../proto/messages.js';
import { openStore } from '../../store/open.js';
import type { MeasurementDocument, Store, TrendDocument } from '../../store/store.js';
import { startTriggeringService, type TriggeringService } from '../../triggering-service/index.js';
import { STORE_THREAD } from '../support/store-thread.js';

/** The start of the minute that is `back` minutes before the present one. */
export function minute(back: number): number {
  return (Math.floor(Date.now() / 60_000) - back) * 60_000;
}

export class ServiceRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'makai-service-'));
  readonly lines: Record<string, unknown>[] = [];
  readonly requests: RequestEventMessage[] = [];
  publisher = newPublisher();
  readonly pull = new Pull({ linger: 0 });
  readonly log = createLogger('test', 'debug', { write: (line) => void this.lines.push(JSON.parse(line)) });
  #service: TriggeringService | undefined;
  #store: Store | undefined;
  #settings: Record<string, unknown> = {};

  /** Opens the store and starts the service; again after `stop`. */
  async start(
    settings: Record<string, unknown> = {},
    wrap: (store: Store) => Store = (store) => store,
  ): Promise<void> {
    if (!this.publisher.lastEndpoint) {
      // A path and not a port: a port that is free for a moment, between two brokers, can become another test's.
      await this.publisher.bind(`ipc://${join(this.folder, 'stream')}`);
      await this.pull.bind('tcp://127.0.0.1:*');
      void this.#collect();
    }
    this.#settings = settings;
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    this.#store = await openStore(`sqlite:${join(this.folder, 'makai.db')}`, {
      retention,
      thread: STORE_THREAD,
    });
    const subscribed = this.#subscribed();
    this.#service = await startTriggeringService(this.config(), { log: this.log, store: wrap(this.#store) });
    await subscribed;
  }

  /** The same where the stream comes from NATS: nothing subscribes to our publisher. */
  async startWithout(settings: Record<string, unknown>): Promise<void> {
    if (!this.pull.lastEndpoint) {
      await this.publisher.bind(`ipc://${join(this.folder, 'stream')}`);
      await this.pull.bind('tcp://127.0.0.1:*');
      void this.#collect();
    }
    this.#settings = settings;
    await this.#store?.close();
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    this.#store = await openStore(`sqlite:${join(this.folder, 'makai.db')}`, { retention });
    this.#service = await startTriggeringService(this.config(), { log: this.log, store: this.#store });
  }

  config(settings = this.#settings): TriggeringServiceSettings {
    const endpoints = {
      zmq_trigger_endpoint: this.publisher.lastEndpoint,
      zmq_acquisition_endpoint: this.pull.lastEndpoint,
      status: 'off',
    };
    return parseSettings('triggering-service', { ...endpoints, ...settings }, 'test');
  }

  /** The triggering broker restarts at the same endpoint; fulfilled when the service has subscribed again. */
  async restartBroker(): Promise<void> {
    const endpoint = this.publisher.lastEndpoint ?? '';
    await this.publisher.unbind(endpoint);
    this.publisher.close();
    this.publisher = newPublisher();
    await this.publisher.bind(endpoint);
    await this.#subscribed();
  }

  get service(): TriggeringService {
    if (!this.#service) throw new Error('not started');
    return this.#service;
  }

  get store(): Store {
    if (!this.#store) throw new Error('not started');
    return this.#store;
  }

  /** Stops the service; the store stays open. */
  async stopService(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }

  async end(): Promise<void> {
    await this.stopService();
    await this.#store?.close();
    this.publisher.close();
    this.pull.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  send(...frames: (string | Uint8Array)[]): Promise<void> {
    return this.publisher.send(frames.map((frame) => Buffer.from(frame as Uint8Array)));
  }

  /** One measurement of a Box 2. */
  send2(
    id: number,
    time: number,
    values: { frequency?: number; rms?: number; thd?: number } = {},
  ): Promise<void> {
    const message = {
      id,
      time,
      frequency: 60,
      rms: 120,
      thd: 0.02,
      lastGps: 0,
      currentCount: 0,
      flags: 0,
      ...values,
    };
    return this.send(String(id), triggerMessage.encode(message));
  }

  /** One measurement of a Box 3. */
  send3(boxId: number, timestampMs: number, metrics: Record<string, MetricValues>): Promise<void> {
    return this.send(String(boxId).padStart(4, '0'), measurement.encode({ boxId, timestampMs, metrics }));
  }

  async measurements(boxId: number): Promise<MeasurementDocument[]> {
    return all(this.store.measurements(String(boxId)));
  }

  async trends(boxId: number): Promise<TrendDocument[]> {
    return all(this.store.trends(String(boxId)));
  }

  /** Timestamp, and min, max and average of the voltage, of each trend. */
  async voltages(boxId: number) {
    const trends = await this.trends(boxId);
    return trends.map((t) => [t.timestamp_ms, t.voltage?.min, t.voltage?.max, t.voltage?.average]);
  }

  /** Waits until that many messages of the stream were received. */
  received(count: number): Promise<void> {
    return until(() => this.service.status().messages >= count);
  }

  /** Waits for a subscription; the end of one comes through here too. */
  async #subscribed(): Promise<void> {
    const SUBSCRIBE = 1;
    for (;;) {
      const [message] = await this.publisher.receive();
      if (message?.[0] === SUBSCRIBE) return;
    }
  }

  async #collect(): Promise<void> {
    for await (const [frame] of this.pull) if (frame) this.requests.push(requestEvent.decode(frame));
  }
}

function newPublisher(): XPublisher {
  return new XPublisher({ linger: 0, sendHighWaterMark: 0 });
}

async function all<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const document of documents) found.push(document);
  return found;
}

/** Waits until something is true; the test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
