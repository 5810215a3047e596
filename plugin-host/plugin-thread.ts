/** One worker thread that runs a plugin, seen from the main thread: from its start to its end, whatever ends it. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { messageOf } from '../common/errors.js';
import { type Call, PluginControl } from './control.js';
import type { FromWorker, PluginSecond, Question, ToWorker, WorkerStart } from './messages.js';
import { problemFields, problemOf } from './plugin-problem.js';
import type { SiteData } from './site.js';
import { withoutSettings } from './thread-environment.js';
import type { Ending, ThreadEvents, ThreadOptions } from './thread-events.js';

const MIB = 2 ** 20;
/**
 * V8's own limit for the thread's heap. It is far above the plugin's limit, because V8 ends the whole process when one allocation exceeds
 * it. The plugin's limit is checked by memory-watch.ts and, during a call, by `watch`.
 */
const HEAP_CEILING_MB = 4096;
const YOUNG_HEAP_MB = 8;
/**
 * During a call only the memory of the whole process can be seen. It may grow by this much beyond the plugin's limit before the plugin
 * counts as the cause: other threads allocate too.
 */
const CALL_MARGIN_MB = 256;
/** A thread that does not end is left behind after this. */
const END_MS = 5000;

export class PluginThread {
  readonly control = new PluginControl();
  readonly #options: ThreadOptions;
  readonly #events: ThreadEvents;
  readonly #port: MessagePort;
  #worker: Worker | undefined;
  #running = false;
  #ending: Ending | undefined;
  #over = false;
  /** seconds that were sent and not finished: what to call then */
  #seconds: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** what `watch` saw last: the operation, since when, and the process's memory then */
  #seen: { operation: number; sinceMs: number; rss: number } | undefined;
  #startedMs: number | undefined;

  constructor(options: ThreadOptions, events: ThreadEvents) {
    this.#options = options;
    this.#events = events;
    this.control.set('nextBatch', options.from.batch);
    this.control.set('nextRow', options.from.row);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: FromWorker) => this.#onMessage(message));
    port1.unref();
    this.#start(port2);
  }

  /** There is a new batch. */
  wake(): void {
    if (this.#running && this.control.rouse()) this.#send({ type: 'wake' });
  }

  /** Sends a second; fulfilled when everything that it gave was handed on, or the thread has ended. */
  second(second: PluginSecond): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#send({ type: 'second', ...second });
    return new Promise((done) => this.#seconds.push(done));
  }

  update(site: SiteData): void {
    this.#send({ type: 'site', site });
  }

  /** Lets it process the batches that wait and unload, and ends it in any case. `ended` is called then. */
  stop(): void {
    if (this.#ending) return;
    if (!this.#running) {
      this.#end({ kind: 'stopped' });
      return;
    }
    this.#send({ type: 'stop' });
    const { unloadMs } = this.#options.limits;
    this.#timer = setTimeout(
      () => this.#end({ kind: 'failed', problem: `took longer than ${unloadMs} ms to unload` }),
      unloadMs,
    );
  }

  /**
   * Checks whether the plugin keeps its limits; to be called many times per second.
   * @param nowMs of a clock that stands still while this process does
   */
  watch(nowMs: number): void {
    if (this.#ending) return;
    this.#startedMs ??= nowMs;
    const { operation } = this.control;
    if (!this.#running && nowMs - this.#startedMs > this.#options.limits.loadMs) {
      this.#end({ kind: 'failed', problem: this.#tooLong('load') });
    } else if (operation % 2 === 0 || operation !== this.#seen?.operation) {
      this.#seen = { operation, sinceMs: nowMs, rss: operation % 2 === 0 ? 0 : process.memoryUsage.rss() };
    } else {
      this.#watchCall(nowMs - this.#seen.sinceMs, this.#seen.rss);
    }
  }

  #watchCall(elapsedMs: number, rssBefore: number): void {
    const { call } = this.control;
    const { memoryMb } = this.#options.limits;
    if (elapsedMs > this.#allowedMs(call)) {
      this.#end({ kind: 'failed', problem: this.#tooLong(call) });
    } else if (this.#options.file.language === 'javascript') {
      // The heap of a thread that does not return cannot be asked for; that of the process can.
      const grown = process.memoryUsage.rss() - rssBefore;
      if (grown > (memoryMb + CALL_MARGIN_MB) * MIB) {
        const problem = `outgrew its memory: the process grew by ${Math.round(grown / MIB)} MiB during one call; it may have ${memoryMb}`;
        this.#end({ kind: 'failed', problem });
      }
    }
  }

  #allowedMs(call: Call): number {
    const { limits } = this.#options;
    return { load: limits.loadMs, batch: limits.batchMs, tick: limits.batchMs, unload: limits.unloadMs }[
      call
    ];
  }

  #tooLong(call: Call): string {
    const what = { load: 'to load', batch: 'for a batch', tick: 'in onTick', unload: 'to unload' }[call];
    return `took longer than ${this.#allowedMs(call)} ms ${what}`;
  }

  #start(port: MessagePort): void {
    const { file, settings, limits, ring, from, site } = this.#options;
    const workerData: WorkerStart = {
      port,
      file,
      settings,
      memoryMb: limits.memoryMb,
      batchMs: limits.batchMs,
      queueBatches: limits.queueBatches,
      ring,
      from,
      control: this.control.shared,
      site,
    };
    try {
      this.#attach(
        new Worker(new URL('./worker.js', import.meta.url), {
          workerData,
          transferList: [port],
          name: `plugin ${file.name}`,
          argv: [],
          execArgv: [],
          env: withoutSettings(process.env),
          stdout: true,
          stderr: true,
          resourceLimits: {
            maxOldGenerationSizeMb: HEAP_CEILING_MB,
            maxYoungGenerationSizeMb: YOUNG_HEAP_MB,
          },
        }),
      );
    } catch (error) {
      // For example: settings given in code, not in a file, that cannot be copied to a thread. Reported after the constructor.
      queueMicrotask(() => {
        this.#ending ??= { kind: 'failed', problem: messageOf(error) };
        this.#finish();
      });
    }
  }

  #attach(worker: Worker): void {
    this.#worker = worker;
    worker.on('error', (error: unknown) => this.#end({ kind: 'failed', ...problemOf(error) }));
    worker.on('exit', (code) => {
      this.#drain();
      this.#ending ??= { kind: 'failed', problem: `its thread exited with code ${code}` };
      this.#finish();
    });
    // What it prints comes as messages (console-lines.ts); what native code writes is of no use here.
    for (const stream of [worker.stdout, worker.stderr]) stream.resume();
  }

  /** Handles what it sent before it ended. */
  #drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (!received) return;
      this.#onMessage(received.message);
    }
  }

  #onMessage(message: FromWorker): void {
    if (this.#over) return;
    switch (message.type) {
      case 'running':
        this.#running = true;
        this.#events.running(message);
        break;
      case 'requests':
        this.#events.requests(message.requests);
        break;
      case 'results':
        this.#events.results(message);
        break;
      case 'state':
        this.#events.state(message.state);
        break;
      case 'question':
        void this.#reply(message.id, message.question);
        break;
      case 'refusals':
        this.#events.refusals(message.refused, message.surplus, message.problem);
        break;
      case 'finding':
        this.#events.finding({ boxId: message.boxId, code: message.code, info: message.info });
        break;
      case 'second':
        this.#seconds.shift()?.();
        break;
      case 'log':
        this.#events.log(message.level, message.text);
        break;
      case 'unloaded':
        this.#end({ kind: 'stopped' });
        break;
      case 'refused':
      case 'failed':
        this.#end({ kind: message.type, ...problemFields(message) });
    }
  }

  async #reply(id: number, question: Question): Promise<void> {
    try {
      const value = await this.#events.question(question);
      if (!this.#over) this.#send({ type: 'reply', id, value });
    } catch (error) {
      if (!this.#over) this.#send({ type: 'reply', id, error: messageOf(error) });
    }
  }

  #send(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  #end(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    clearTimeout(this.#timer);
    this.#terminate();
  }

  #terminate(): void {
    if (!this.#worker) return; // it could not be started
    this.#timer = setTimeout(() => this.#finish(), END_MS);
    // Rejects only where the thread has ended already, which `exit` reports.
    this.#worker.terminate().catch(() => undefined);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#port.close();
    for (const done of this.#seconds.splice(0)) done();
    this.#events.ended(this.#ending ?? { kind: 'stopped' });
  }
}
