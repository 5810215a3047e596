/** One worker, seen from the main thread: from its start to its end. */
import { Worker } from 'node:worker_threads';
import type { FindingChange } from '../../common/box-findings.js';
import { systemClock, within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { BoxHealth } from '../box-health/record.js';
import type { BoxTotals } from '../ingest/box-table.js';
import type { RefusedView } from '../stream-view.js';
import type { Trend, WindowOf } from '../trends/windows.js';
import { WorkerControl } from './control.js';
import type { FromWorker, Gathered, ToWorker, WorkerStart } from './messages.js';

const PER_BOX = 4;
/** How long a worker may take to close its socket and hand over its data. */
const STOP_MS = 10_000;
/** How long it may take to send the health of its boxes; then what the others sent is shown. */
const HEALTH_MS = 2000;

export interface WorkerEvents {
  published(): void;
  /** @param over to be called when they are stored, or will not be */
  measurements(gathered: Gathered, over: () => void): void;
  trends(closed: { trend: Trend; of: WindowOf }[], fromStore: WindowOf[]): void;
  findings(changes: readonly FindingChange[]): void;
  /** it exited by itself */
  died(problem: string): void;
}

export class IntakeWorker implements Running {
  readonly control = new WorkerControl();
  readonly #worker: Worker;
  readonly #log: Logger;
  readonly #events: WorkerEvents;
  #boxes = new Float64Array(0);
  #dropped: Record<string, number> = {};
  #refused: RefusedView = { known: 0, forgotten: 0, newest: [] };
  /** requests for the health of boxes that wait */
  readonly #health = new Map<number, (records: BoxHealth[]) => void>();
  #healthRequests = 0;
  #stopping: Promise<void> | undefined;
  #problem: string | undefined;
  #over = false;
  #listening: () => void = () => undefined;
  #ended: () => void = () => undefined;
  /** fulfilled when it has subscribed, or has ended */
  readonly listening = new Promise<void>((resolve) => {
    this.#listening = resolve;
  });
  readonly #end = new Promise<void>((resolve) => {
    this.#ended = resolve;
  });

  constructor(name: string, start: Omit<WorkerStart, 'control'>, log: Logger, events: WorkerEvents) {
    this.#log = log;
    this.#events = events;
    const workerData: WorkerStart = { ...start, control: this.control.shared };
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, name, execArgv: [] });
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message));
    this.#worker.on('error', (error: unknown) => {
      this.#problem ??= messageOf(error);
    });
    this.#worker.on('exit', (code) => this.#onExit(code));
  }

  *boxes(): Generator<BoxTotals> {
    const boxes = this.#boxes;
    for (let at = 0; at < boxes.length; at += PER_BOX) {
      const [boxId = 0, messages = 0, bytes = 0, heardMs = 0] = boxes.subarray(at, at + PER_BOX);
      yield { boxId, messages, bytes, heardMs };
    }
  }

  /** Messages that were dropped, by reason. */
  get dropped(): Readonly<Record<string, number>> {
    return this.#dropped;
  }

  /** Ids that their senders may not use. */
  get refused(): RefusedView {
    return this.#refused;
  }

  /** The health of its boxes. @param boxId only this one @returns none where the worker does not reply in time */
  async health(boxId: number | undefined): Promise<BoxHealth[]> {
    this.#healthRequests += 1;
    const request = this.#healthRequests;
    let found: BoxHealth[] = [];
    const reply = new Promise<void>((resolve) => {
      this.#health.set(request, (records) => {
        found = records;
        resolve();
      });
    });
    this.send({ type: 'health', request, boxId });
    await within(reply, this.#over ? 0 : HEALTH_MS, systemClock);
    this.#health.delete(request);
    return found;
  }

  send(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    if (!this.#over) this.#worker.postMessage(message, transfer);
  }

  /** Closes its socket, receives its remaining data, ends it. @throws Error when it does not end */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Blocks until its socket is closed. @returns false on a timeout */
  waitClosed(ms: number): boolean {
    return this.#over || this.control.waitClosed(ms);
  }

  async #stop(): Promise<void> {
    this.send({ type: 'stop' });
    await within(this.#end, STOP_MS, systemClock);
    if (!this.#over) throw new Error(`a worker did not stop within ${STOP_MS} ms`);
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'listening':
        this.#listening();
        break;
      case 'published':
        this.control.handled();
        this.#events.published();
        break;
      case 'measurements': {
        const { count } = message;
        this.#events.measurements(message, () => this.send({ type: 'settled', count }));
        break;
      }
      case 'trends':
        this.#events.trends(message.closed, message.fromStore);
        break;
      case 'boxes':
        this.#boxes = message.boxes;
        this.#dropped = message.dropped;
        this.#refused = message.refused;
        break;
      case 'findings':
        this.#events.findings(message.changes);
        break;
      case 'health':
        this.#health.get(message.request)?.(message.records);
        break;
      case 'log':
        this.#relog(message.line);
        break;
      case 'failed':
        this.#problem ??= message.problem;
        break;
      case 'closed':
        this.send({ type: 'end' });
    }
  }

  /** The worker's line with our name and time. */
  #relog(line: string): void {
    const { level, time: _time, name: _name, msg, ...fields } = JSON.parse(line);
    const label = this.#log.levels.labels[level];
    if (label === 'warn' || label === 'error' || label === 'debug') this.#log[label](fields, msg);
    else this.#log.info(fields, msg);
  }

  #onExit(code: number): void {
    this.#over = true;
    this.#listening();
    this.#ended();
    const unasked = this.#stopping === undefined ? `its thread exited with code ${code}` : undefined;
    const problem = this.#problem ?? unasked;
    if (problem !== undefined) this.#events.died(problem);
  }
}
