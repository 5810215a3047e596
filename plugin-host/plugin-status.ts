/** What is known of a plugin: its state, and its counters over all threads that ran it. */
import type { Counter, PluginControl } from './control.js';
import type { PluginLanguage } from './loaded-plugin.js';

export type PluginState = 'starting' | 'running' | 'pausing' | 'refused' | 'stopped';

export interface CountedStatus {
  measurements: number;
  batches: number;
  /** batches and measurements that it did not process: it was too slow, or not running */
  droppedBatches: number;
  droppedMeasurements: number;
  requests: number;
  /** incidents, and values of series */
  incidents: number;
  values: number;
  /** malformed requests, and those beyond the limits */
  refusedRequests: number;
  surplusRequests: number;
  suppressedLogs: number;
  /** findings about boxes: with an id or a code that does not exist, or beyond the limit */
  droppedFindings: number;
  batchP50Us: number;
  batchP99Us: number;
  batchMaxUs: number;
}

export interface PluginStatus extends CountedStatus {
  /** short name, with a number when the configuration has it more than once */
  id: string;
  /** what it calls itself */
  name: string;
  version: string;
  language: PluginLanguage;
  file: string;
  state: PluginState;
  /** requests that were dropped, or lost boxes, by the limit per hour and box */
  limitedRequests: number;
  restarts: number;
  lastError?: string;
  /** state `pausing`: ms until it is started again */
  nextStartInMs?: number;
}

const SUMMED: readonly Counter[] = [
  'batches',
  'measurements',
  'lostBatches',
  'lostMeasurements',
  'requests',
  'incidents',
  'values',
  'refusedRequests',
  'surplusRequests',
  'suppressedLogs',
  'droppedFindings',
];

/** Last values of a thread, not sums. */
const TIMES = ['batchP50Us', 'batchP99Us', 'batchMaxUs'] as const;

/** Counters of a plugin: those of the threads that ended, and of the one that runs. */
export class PluginTotals {
  readonly #totals = new Map<Counter, number>();

  count(counter: Counter, value: number): void {
    this.#totals.set(counter, (this.#totals.get(counter) ?? 0) + value);
  }

  /** Takes over what a thread counted that ended. */
  keep(control: PluginControl): void {
    for (const counter of SUMMED) this.count(counter, control.get(counter));
    for (const time of TIMES) this.#totals.set(time, control.get(time));
  }

  /** @param running of the thread that runs */
  status(running: PluginControl | undefined): CountedStatus {
    const now = (counter: Counter) => running?.get(counter) ?? this.#totals.get(counter) ?? 0;
    const sum = (counter: Counter) => (this.#totals.get(counter) ?? 0) + (running?.get(counter) ?? 0);
    return {
      measurements: sum('measurements'),
      batches: sum('batches'),
      droppedBatches: sum('lostBatches'),
      droppedMeasurements: sum('lostMeasurements'),
      requests: sum('requests'),
      incidents: sum('incidents'),
      values: sum('values'),
      refusedRequests: sum('refusedRequests'),
      surplusRequests: sum('surplusRequests'),
      suppressedLogs: sum('suppressedLogs'),
      droppedFindings: sum('droppedFindings'),
      batchP50Us: now('batchP50Us'),
      batchP99Us: now('batchP99Us'),
      batchMaxUs: now('batchMaxUs'),
    };
  }
}
