/**
 * Measurements on their way to Kafka. A batch goes into a file on disk before the store gets it, and leaves the file when Kafka has it: what is in the store
 * is in Kafka too, whatever is killed. Nothing here waits for Kafka; what Kafka does not take fills the file, and beyond its size the oldest are dropped.
 */
import { Worker } from 'node:worker_threads';
import { BackOff } from '../common/backoff.js';
import { type Clock, within } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { KafkaServers } from '../config/settings.js';
import { type Lock, lockPath } from '../daemon/lock.js';
import { BatchSpool, type SpooledBatch } from '../store/batch-spool.js';
import { encodeWrite } from '../store/write-codec.js';
import type { MeasurementsWrite } from '../store/writes.js';
import { checkKafkaFiles } from './files.js';
import type { FromSender, SenderStart, ToSender } from './messages.js';
import type { KafkaStatus } from './metrics.js';

const BACK_OFF = { firstMs: 250, maxMs: 10_000 };
/** How long a stop goes on sending; what is left is sent after the next start. */
const DRAIN_MS = 3000;
/** A part of the file's unused space is given back so often. */
const SHRINK_MS = 10_000;

export interface MeasurementsOutOptions {
  servers: KafkaServers;
  clientId: string;
  /** of the queue */
  file: string;
  maxBytes: number;
  clock: Clock;
  log: Logger;
}

export class MeasurementsOut implements Running {
  readonly #options: MeasurementsOutOptions;
  readonly #log: ThrottledLog;
  readonly #backOff = new BackOff(BACK_OFF);
  readonly #lock: Lock;
  readonly #spool: BatchSpool;
  readonly #shrinking: NodeJS.Timeout;
  readonly #dropped = { queue_full: 0, disk_unavailable: 0, refused: 0, damaged: 0 };
  #worker: Worker | undefined;
  /** the batch that is being sent, or will be again after a pause */
  #underWay: SpooledBatch | undefined;
  #cancelPause: (() => void) | undefined;
  #isUp = true;
  #sent = 0;
  #failures = 0;
  #lastError: string | undefined;
  #isStopping = false;
  #drained: () => void = () => undefined;

  /**
   * Opens the file. Kafka need not be there.
   * @throws MakaiError ALREADY_RUNNING, STORE_UNAVAILABLE, STORE_NOT_WRITABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW for the file; CONFIG_UNREADABLE,
   *   SECRET_EXPOSED for those that the settings name
   */
  constructor(options: MeasurementsOutOptions) {
    const { clock, file, log, maxBytes } = options;
    this.#options = options;
    this.#log = new ThrottledLog(log, { clock });
    checkKafkaFiles(options.servers);
    this.#lock = lockPath(file, 'triggering-service-kafka');
    try {
      this.#spool = new BatchSpool(file, maxBytes, 'process');
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#shrinking = setInterval(() => this.#shrink(), SHRINK_MS);
    this.#shrinking.unref();
    this.#next();
  }

  /** The batch is on disk when this returns, or is dropped and counted. Never throws. */
  put(write: MeasurementsWrite): void {
    const messages = write.columns.count;
    if (messages === 0) return;
    try {
      const dropped = this.#spool.add([{ id: '', partition: 0, messages, body: encodeWrite(write) }]);
      this.#dropped.queue_full += dropped;
      if (dropped > 0)
        this.#log.error({ dropped }, 'the queue for Kafka is full: the oldest measurements were dropped');
    } catch (err) {
      this.#dropped.disk_unavailable += messages;
      this.#log.error({ err }, 'measurements for Kafka cannot be written to disk: they were dropped');
    }
    this.#next();
  }

  status(): KafkaStatus {
    return {
      up: this.#isUp,
      sent: { measurements: this.#sent },
      failures: this.#failures,
      last_error: this.#lastError,
      dropped: { ...this.#dropped },
      queue: {
        records: this.#spool.messages,
        bytes: this.#spool.bytes,
        max_bytes: this.#options.maxBytes,
      },
    };
  }

  /** Sends for some seconds what waits, if Kafka takes it; the rest stays on disk. */
  async stop(): Promise<void> {
    const { clock, log } = this.#options;
    clearInterval(this.#shrinking);
    if (this.#spool.batches > 0 && this.#isUp) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      await within(drained, DRAIN_MS, clock);
    }
    this.#isStopping = true;
    this.#cancelPause?.();
    await this.#worker?.terminate();
    if (this.#spool.messages > 0)
      log.info(
        { measurements: this.#spool.messages },
        'measurements wait on disk for Kafka until the next start',
      );
    this.#spool.close();
    this.#lock.release();
  }

  /** Gives the oldest batch to the thread, unless one is under way. */
  #next(): void {
    if (this.#isStopping || this.#underWay !== undefined) return;
    try {
      const [oldest] = this.#spool.oldest(1);
      this.#underWay = oldest;
      if (oldest === undefined) this.#drained();
      else this.#send(oldest);
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  #send({ body }: SpooledBatch): void {
    this.#worker ??= this.#startWorker();
    const message: ToSender = { body };
    this.#worker.postMessage(message);
  }

  #startWorker(): Worker {
    const workerData: SenderStart = { servers: this.#options.servers, clientId: this.#options.clientId };
    const url = new URL('./worker.js', import.meta.url);
    const worker = new Worker(url, { workerData, name: 'kafka', execArgv: [] });
    let problem: string | undefined;
    worker.on('message', (message: FromSender) => {
      if (message.type === 'failed') this.#failed(message.problem);
      else this.#done(message);
    });
    worker.on('error', (error: unknown) => {
      problem = messageOf(error);
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      if (!this.#isStopping) this.#failed(problem ?? 'its thread exited');
    });
    worker.unref();
    return worker;
  }

  /** The batch leaves the queue. */
  #done(outcome: Exclude<FromSender, { type: 'failed' }>): void {
    const batch = this.#underWay;
    if (batch === undefined || this.#isStopping) return;
    try {
      this.#spool.remove([batch]);
    } catch (err) {
      // Kafka must not get it again for that.
      this.#log.error({ err }, 'what Kafka has cannot be removed from the queue, it is tried again');
      this.#cancelPause = this.#options.clock.after(BACK_OFF.maxMs, () => this.#done(outcome));
      return;
    }
    this.#underWay = undefined;
    if (outcome.type === 'damaged') {
      this.#dropped.damaged += batch.messages;
      this.#log.error({ measurements: batch.messages }, 'a batch in the queue for Kafka cannot be read');
      this.#next();
      return;
    }
    this.#sent += batch.messages - outcome.refused;
    this.#dropped.refused += outcome.refused;
    if (!this.#isUp) this.#options.log.info('Kafka takes measurements again');
    this.#isUp = true;
    this.#lastError = undefined;
    this.#backOff.reset();
    this.#next();
  }

  #failed(problem: string): void {
    if (this.#isStopping) return;
    this.#isUp = false;
    this.#failures += 1;
    this.#lastError = problem;
    this.#log.warn({ problem }, 'Kafka does not take measurements: they wait on disk');
    this.#cancelPause = this.#options.clock.after(this.#backOff.next(), () => {
      this.#underWay = undefined;
      this.#next();
    });
  }

  #shrink(): void {
    try {
      this.#spool.shrink();
    } catch (err) {
      this.#log.warn({ err }, 'the file of the queue for Kafka cannot be made smaller');
    }
  }
}
