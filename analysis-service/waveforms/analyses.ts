/** Where the waveforms of an event are read and their incidents written: in the pool's threads where they can open the store, else here. */
import type { BoxClocks } from '../clocks/box-clocks.js';
import type { MeasuredClock } from '../clocks/clocks.js';
import { analyseEvent, type EventAnalysisDeps } from './event-analysis.js';
import type { AnalysisPool } from './pool.js';
import type { WaveformResult } from './results.js';
import { errorOf } from './thread-messages.js';

export interface Analyses {
  /** waveforms of one job, so that a thread is not busy with a thousand boxes while others wait */
  readonly waveformsAJob: number;
  /**
   * Analyses waveforms of one event.
   * @param onDurable called with each result that is stored, also where the rest fails
   * @throws as `analyseEvent`
   */
  run(eventId: number, boxIds: readonly string[], onDurable: (result: WaveformResult) => void): Promise<void>;
}

/** With ten, the service takes some megabytes more. */
const A_JOB_HERE = 5;
/** They share a transaction, which takes some milliseconds. */
const A_JOB_IN_THREADS = 10;

export function analysesHere(deps: EventAnalysisDeps): Analyses {
  return {
    waveformsAJob: A_JOB_HERE,
    run: async (eventId, boxIds, onDurable) => {
      await analyseEvent(deps, eventId, boxIds, onDurable);
    },
  };
}

/** @param pool its threads can open the store */
export function analysesInThreads(
  pool: Pick<AnalysisPool, 'analyse'>,
  clocks?: Pick<BoxClocks, 'measured'>,
): Analyses {
  return {
    waveformsAJob: A_JOB_IN_THREADS,
    run: async (eventId, boxIds, onDurable) => {
      const wrong = new Map<string, MeasuredClock>();
      for (const boxId of boxIds) {
        const measured = clocks?.measured(boxId);
        if (measured !== undefined) wrong.set(boxId, measured);
      }
      const { failure, results } = await pool.analyse({ eventId, boxIds, clocks: wrong });
      for (const result of results) onDurable(result);
      if (failure !== undefined) throw errorOf(failure);
    },
  };
}
