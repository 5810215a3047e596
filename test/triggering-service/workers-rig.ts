/** Services with workers, or several that share the boxes, behind one publisher that stands for the triggering broker. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { Pull, XPublisher } from 'zeromq';
import type { MakaiError } from '../../common/errors.js';
import { createLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { measurement, requestEvent, triggerMessage } from '../../proto/index.js';
import type { RequestEventMessage } from '../../proto/messages.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import {
  startTriggeringService,
  type TriggeringService,
  type TriggeringServiceStatus,
} from '../../triggering-service/index.js';
import { freePort } from '../support/free-port.js';
import { until } from './rig.js';

const SUBSCRIBE = 1;
/** In place of 2 s: everything is heard for so long first. */
const LISTEN_MS = 200;

/** Boxes of both kinds; those of each are ids in a row. */
export const BOXES_2 = Array.from({ length: 25 }, (_, i) => 1000 + i);
export const BOXES_3 = Array.from({ length: 25 }, (_, i) => 310 + i);

/** Asks once for an event of each box. */
const PLUGIN = `
const seen = new Set();
export default {
  name: 'each',
  processBatch({ count, boxId, timestampMs }) {
    const requests = [];
    for (let i = 0; i < count; i++) {
      if (seen.has(boxId[i])) continue;
      seen.add(boxId[i]);
      requests.push({ startMs: timestampMs[i] - 1000, endMs: timestampMs[i], boxIds: [boxId[i]], triggerType: 'OTHER', percentMagnitude: 1, description: 'new', requestData: true });
    }
    return requests;
  },
};`;

export class WorkersRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'makai-workers-'));
  readonly lines: Record<string, unknown>[] = [];
  readonly requests: RequestEventMessage[] = [];
  readonly services: TriggeringService[] = [];
  readonly died: MakaiError[] = [];
  readonly #pull = new Pull({ linger: 0 });
  #publisher = newPublisher();
  /** subscribed at the broker, without those to everything */
  readonly #topics = new Set<string>();
  /** threads in the order they were started: the last ones are the workers of the last service */
  readonly #threads: Worker[] = [];
  readonly #onThread = (thread: Worker): void => void this.#threads.push(thread);
  #wholes = 0;
  #store: Store | undefined;

  constructor() {
    process.on('worker', this.#onThread);
  }

  /** One service for each of the settings, all with one store; fulfilled when every worker has subscribed to everything. */
  async start(...settings: Record<string, unknown>[]): Promise<void> {
    await this.#publisher.bind(`tcp://127.0.0.1:${await freePort()}`);
    await this.#pull.bind('tcp://127.0.0.1:*');
    void this.#collect();
    void this.#listen(this.#publisher);
    const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
    this.#store = await openStore(`sqlite:${join(this.folder, 'makai.db')}`, { retention });
    const plugin = join(this.folder, 'each.mjs');
    writeFileSync(plugin, PLUGIN);
    const log = createLogger('test', 'debug', { write: (line) => void this.lines.push(JSON.parse(line)) });
    let workers = 0;
    for (const given of settings) {
      const { probeEveryMs, ...own } = { probeEveryMs: 600_000, ...given };
      const endpoints = {
        zmq_trigger_endpoint: this.endpoint,
        zmq_acquisition_endpoint: this.#pull.lastEndpoint,
        status: 'off',
        plugins: [{ path: plugin }],
      };
      const parsed = parseSettings('triggering-service', { ...endpoints, ...own }, 'test');
      workers += parsed.workers;
      this.services.push(
        await startTriggeringService(parsed, {
          log,
          store: this.store,
          died: (error) => void this.died.push(error),
          listenMs: LISTEN_MS,
          probeEveryMs,
        }),
      );
    }
    await until(() => this.#wholes >= workers && this.plugins.every(({ state }) => state === 'running'));
  }

  get endpoint(): string {
    return this.#publisher.lastEndpoint ?? '';
  }

  get store(): Store {
    if (!this.#store) throw new Error('not started');
    return this.#store;
  }

  get plugins(): TriggeringServiceStatus['plugins'] {
    return this.services.flatMap((service) => service.status().plugins);
  }

  get workers(): NonNullable<TriggeringServiceStatus['workers']> {
    return this.services.flatMap((service) => service.status().workers ?? []);
  }

  /** Measurements that were taken, by all services together. */
  get taken(): number {
    return this.services.reduce((sum, service) => sum + service.status().measurements, 0);
  }

  get foreign(): number {
    return this.workers.reduce((sum, { foreign }) => sum + foreign, 0);
  }

  /** One measurement of each box, as its kind sends it. */
  async round(timeMs: number, value: number): Promise<void> {
    for (const id of BOXES_2) await this.send2(id, timeMs, value);
    for (const boxId of BOXES_3) {
      const metrics = { rms: { min: value - 1, average: value, max: value + 1 } };
      const frames = [
        String(boxId).padStart(4, '0'),
        measurement.encode({ boxId, timestampMs: timeMs, metrics }),
      ];
      await this.#publisher.send(frames.map((frame) => Buffer.from(frame)));
    }
  }

  async send2(id: number, time: number, rms: number): Promise<void> {
    const message = { id, time, frequency: 60, rms, thd: 0.02, lastGps: 0, currentCount: 0, flags: 0 };
    await this.#publisher.send([String(id), Buffer.from(triggerMessage.encode(message))]);
  }

  async sendRaw(...frames: string[]): Promise<void> {
    await this.#publisher.send(frames);
  }

  /** The broker restarts at the same endpoint; fulfilled when its new socket has received all subscriptions. */
  async restartBroker(): Promise<void> {
    const { endpoint } = this;
    // What the broker itself has heard: the status of a worker is a moment older.
    const topics = [...this.#topics];
    await this.#publisher.unbind(endpoint);
    this.#publisher.close();
    this.#topics.clear();
    this.#publisher = newPublisher();
    await this.#publisher.bind(endpoint);
    void this.#listen(this.#publisher);
    // A worker may join topics to a shorter one meanwhile.
    await until(() => topics.every((topic) => [...this.#topics].some((one) => topic.startsWith(one))));
  }

  /** The last worker meets a mistake of ours. */
  breakWorker(): void {
    this.#threads.at(-1)?.postMessage({ type: 'found', topics: 5 });
  }

  async stopServices(): Promise<void> {
    await Promise.all(this.services.splice(0).map((service) => service.stop()));
  }

  async end(): Promise<void> {
    process.off('worker', this.#onThread);
    await this.stopServices();
    await this.#store?.close();
    this.#publisher.close();
    this.#pull.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #listen(publisher: XPublisher): Promise<void> {
    for await (const [message] of publisher) {
      if (message === undefined) continue;
      const isNew = message[0] === SUBSCRIBE;
      const topic = message.toString('latin1', 1);
      if (topic === '') this.#wholes += isNew ? 1 : 0;
      else if (isNew) this.#topics.add(topic);
      else this.#topics.delete(topic);
    }
  }

  async #collect(): Promise<void> {
    for await (const [frame] of this.#pull) if (frame) this.requests.push(requestEvent.decode(frame));
  }
}

function newPublisher(): XPublisher {
  const publisher = new XPublisher({ linger: 0, sendHighWaterMark: 0 });
  publisher.verbosity = 'allSubsUnsubs';
  return publisher;
}
