/**
 * A thread's own work on the store: it reads the waveforms of a job and writes what it finds in one transaction. So nothing but a few incidents crosses to another
 * thread, and the thread of the store has nothing to do with it.
 */
import { systemClock } from '../../common/clock.js';
import { STORE_IDS } from '../../daemon/incident-ids.js';
import { openStoreFile } from '../../store/sqlite/index.js';
import { clocksOf } from '../clocks/clocks.js';
import { analyseEvent, type EventAnalysisDeps } from './event-analysis.js';
import { KnownBoxes } from './references.js';
import type { WaveformResult } from './results.js';
import { failureOf, type StoredJob, type StoredReply, type ThreadData } from './thread-messages.js';

/** A thread has one job at a time, and a job one waveform of each box. */
const NO_TURNS: EventAnalysisDeps['turns'] = { run: (_, work) => work() };

/** @throws MakaiError what opening the store says */
export function storedJobs(
  { reference, store: file }: ThreadData,
  pool: EventAnalysisDeps['pool'],
): (job: StoredJob) => Promise<StoredReply> {
  const store = openStoreFile(file);
  const boxes = new KnownBoxes(store, reference, systemClock);
  const deps = { store, pool, boxes, ids: STORE_IDS, turns: NO_TURNS };
  return async ({ boxIds, clocks, eventId }) => {
    const results: WaveformResult[] = [];
    try {
      await analyseEvent({ ...deps, clocks: clocksOf(clocks) }, eventId, boxIds, (result) =>
        results.push(result),
      );
      return { results };
    } catch (error) {
      return { results, failure: failureOf(error) };
    }
  };
}
