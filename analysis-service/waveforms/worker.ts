/** One thread of the pool: takes the waveforms of an event, and replies with what is found in each; or reads and writes them itself (stored-jobs.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/errors.js';
import { collectGarbage, collectYoungGarbage } from '../../daemon/young-garbage.js';
import { analyseWaveform } from '../../signal/index.js';
import { samplesAround, type WaveformInput } from './input.js';
import type { Analysed } from './results.js';
import { failureOf, type Job, type StoredJob, type StoredReply, type ThreadData } from './thread-messages.js';

/**
 * Garbage is collected behind a job, when so many samples were analysed since the last time: nothing lives then that will be garbage soon. What lives through two collections becomes old, and
 * fills the heap until V8 marks all of it, and compiles again what it had compiled.
 */
const SAMPLES_A_COLLECTION = 200_000;
/**
 * In the middle of a job: arrays of long waveforms take about thirty bytes a sample outside V8's heap, which V8 does not see filling up. They have become old while such a waveform was
 * analysed: all garbage is collected then, which takes as long as the analysis of a few seconds of waveform.
 */
const MOST_SAMPLES_A_COLLECTION = 1_000_000;

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread');
const data = workerData as ThreadData | undefined;
let uncollected = 0;
let openJobs: ((job: StoredJob) => Promise<StoredReply>) | undefined;

port.on('message', (job: Job | StoredJob) => {
  if ('eventId' in job)
    void runStored(job).then((reply) => {
      port.postMessage(reply);
      collectBehindJob();
    });
  else {
    port.postMessage(
      job.waveforms.map(analysed),
      // The samples go along: here they have become old objects, whose memory would be free much later.
      job.waveforms.map(({ samples }) => samples.buffer),
    );
    collectBehindJob();
  }
});

function collectBehindJob(): void {
  if (uncollected < SAMPLES_A_COLLECTION) return;
  collectYoungGarbage();
  uncollected = 0;
}

function collectWithinJob(): void {
  if (uncollected < MOST_SAMPLES_A_COLLECTION) return;
  collectGarbage();
  uncollected = 0;
}

async function runStored(job: StoredJob): Promise<StoredReply> {
  try {
    if (data === undefined) throw new Error('this thread has no store');
    openJobs ??= await openStoredJobs(data);
    return await openJobs(job);
  } catch (error) {
    return { results: [], failure: failureOf(error) };
  }
}

async function openStoredJobs(threadData: ThreadData): Promise<(job: StoredJob) => Promise<StoredReply>> {
  const { storedJobs } = await import('./stored-jobs.js');
  return storedJobs(threadData, { run: async ({ waveforms }) => waveforms.map(analysed) });
}

/** What one analysis leaves behind is garbage once this has returned. */
function analysed(waveform: WaveformInput): Analysed {
  const result = judged(waveform);
  uncollected += waveform.samples.length;
  collectWithinJob();
  return result;
}

/** A waveform that no analysis survives is a remark: the others of the event are analysed all the same. */
function judged(waveform: WaveformInput): Analysed {
  const { options, samples } = waveform;
  try {
    const { incidents, remarks } = analyseWaveform(samples, options);
    const found = incidents.map((candidate) => ({ candidate, samples: samplesAround(waveform, candidate) }));
    return { found, remarks: remarks.map(({ text }) => text) };
  } catch (error) {
    return { found: [], remarks: [`the analysis failed: ${messageOf(error)}`] };
  }
}
