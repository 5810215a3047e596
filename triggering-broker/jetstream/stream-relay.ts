/**
 * The stream relay, seen from the broker's main thread. It is a thread of its own that subscribes inside the process, so that neither the proxy nor the
 * handshakes of boxes wait for it, and a measurement crosses no network before JetStream or the disk has it.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock, within } from '../../common/clock.js';
import { ERROR_CODES, type ErrorCode } from '../../common/error-codes.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { NatsRelaySettings } from '../../config/index.js';
import { type Lock, lockPath } from '../../daemon/lock.js';
import {
  type FromRelay,
  NO_RELAY_STATUS,
  type RelayStart,
  type RelayStatus,
  type ToRelay,
} from './messages.js';

/** Opening the spool waits for the last process that had it. */
const START_MS = 30_000;
const STOP_MS = 20_000;
/** How long the end of the process waits for the thread's socket. */
const CLOSE_MS = 1000;

export interface StreamRelayOptions {
  settings: NatsRelaySettings;
  log: Logger;
  /** the thread exited by itself: what the boxes send now would reach nobody in NATS */
  died(error: MakaiError): void;
}

export class StreamRelay implements Running {
  readonly #options: StreamRelayOptions;
  readonly #closed = new SharedArrayBuffer(4);
  readonly #worker: Worker;
  readonly #lock: Lock;
  #status: RelayStatus = NO_RELAY_STATUS;
  #refused: MakaiError | undefined;
  #problem: string | undefined;
  /** by endpoint: what to do when the thread has subscribed there */
  readonly #connecting = new Map<string, () => void>();
  #isReady = false;
  #isOver = false;
  #stopping: Promise<void> | undefined;
  #started: () => void = () => undefined;
  #ended: () => void = () => undefined;
  readonly #start = new Promise<void>((resolve) => {
    this.#started = resolve;
  });
  readonly #end = new Promise<void>((resolve) => {
    this.#ended = resolve;
  });
  readonly #onExit = (): void => this.#closeNow();

  private constructor(options: StreamRelayOptions) {
    this.#options = options;
    const file = join(options.settings.spool.path, 'triggering-broker.db');
    this.#lock = lockPath(file, 'triggering-broker');
    const workerData: RelayStart = { settings: options.settings, file, closed: this.#closed };
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData,
      name: 'stream relay',
      execArgv: [],
    });
    this.#worker.on('message', (message: FromRelay) => this.#onMessage(message));
    this.#worker.on('error', (error: unknown) => {
      this.#problem ??= messageOf(error);
    });
    this.#worker.on('exit', (code) => this.#onEnd(code));
    process.once('exit', this.#onExit);
  }

  /**
   * Fulfilled when the spool is open; NATS need not be there.
   * @throws MakaiError ALREADY_RUNNING, STORE_UNAVAILABLE for the spool, CONFIG_UNREADABLE, SECRET_EXPOSED for files of `nats`
   */
  static async start(options: StreamRelayOptions): Promise<StreamRelay> {
    const relay = new StreamRelay(options);
    await within(relay.#start, START_MS, systemClock);
    if (relay.#isReady) return relay;
    const error =
      relay.#refused ?? exited(relay.#problem ?? `its thread was not ready within ${START_MS} ms`);
    await relay.stop().catch(() => undefined);
    throw error;
  }

  /** Receives what is sent at this endpoint. Fulfilled when it has subscribed, or the thread has ended. */
  async follow(endpoint: string): Promise<void> {
    const connected = new Promise<void>((resolve) => this.#connecting.set(endpoint, resolve));
    this.#send({ type: 'connect', endpoint });
    await Promise.race([connected, this.#end]);
    this.#connecting.delete(endpoint);
  }

  status(): RelayStatus {
    return this.#status;
  }

  /** What was received is in JetStream or on disk afterwards. @throws Error when the thread does not end */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#send({ type: 'stop' });
    await within(this.#end, STOP_MS, systemClock);
    process.off('exit', this.#onExit);
    if (!this.#isOver) throw new Error(`the stream relay did not stop within ${STOP_MS} ms`);
  }

  #send(message: ToRelay): void {
    if (!this.#isOver) this.#worker.postMessage(message);
  }

  #onMessage(message: FromRelay): void {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        this.#started();
        break;
      case 'connected':
        this.#connecting.get(message.endpoint)?.();
        break;
      case 'refused':
        this.#refused = new MakaiError(codeIn(message.code), message.message, {
          ...(message.hint === undefined ? {} : { hint: message.hint }),
        });
        break;
      case 'status':
        this.#status = message.status;
        break;
      case 'log':
        this.#relog(message.line);
        break;
      case 'failed':
        this.#problem ??= message.problem;
        break;
      case 'stopped':
        this.#send({ type: 'end' });
    }
  }

  /** The thread's line with our name and time. */
  #relog(line: string): void {
    const { log } = this.#options;
    const { level, time: _time, name: _name, msg, ...fields } = JSON.parse(line);
    const label = log.levels.labels[level];
    if (label === 'warn' || label === 'error' || label === 'debug') log[label](fields, msg);
    else log.info(fields, msg);
  }

  #onEnd(code: number): void {
    this.#isOver = true;
    this.#lock.release();
    this.#started();
    this.#ended();
    if (!this.#isReady) return;
    const unasked = this.#stopping === undefined ? `its thread exited with code ${code}` : undefined;
    const problem = this.#problem ?? unasked;
    if (problem !== undefined) this.#options.died(exited(problem));
  }

  /** A thread must not be ended while its socket is open; the end of the process ends all threads. */
  #closeNow(): void {
    if (this.#isOver) return;
    this.#send({ type: 'close' });
    Atomics.wait(new Int32Array(this.#closed), 0, 0, CLOSE_MS);
  }
}

function exited(problem: string): MakaiError {
  return new MakaiError('WORKER_EXITED', `the stream relay of the triggering broker exited: ${problem}`);
}

function codeIn(code: string): ErrorCode {
  return code in ERROR_CODES ? (code as ErrorCode) : 'WORKER_EXITED';
}
