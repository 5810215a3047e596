/** Threads that analyse waveforms, each one event at a time. A thread is started when there is work for it, and ends when there was none for a while. */
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import Pool from 'worker-threads-pool';
import { type Clock, systemClock } from '../../common/clock.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Analysed } from './results.js';
import type { Job, StoredJob, StoredReply, ThreadData } from './thread-messages.js';

type Reply = Analysed[] | StoredReply;

interface Thread {
  worker: Worker;
  /** it has a job, or is about to get one */
  isTaken: boolean;
  /** the job under way */
  settle: { resolve(reply: Reply): void; reject(error: unknown): void } | undefined;
  cancelIdle: () => void;
}

/** A thread without work ends after so long: its memory is given back. */
const IDLE_MS = 30_000;
/** Of one thread, for arrays as long as ten minutes of samples. */
const HEAP_MB = 512;
/** Of the young objects of one thread: small, so that the arrays of one waveform are freed soon. */
const YOUNG_MB = 4;
const SCRIPT = fileURLToPath(new URL('./worker.js', import.meta.url));

export class AnalysisPool implements Running {
  readonly size: number;
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #data: ThreadData | undefined;
  readonly #threads = new Set<Thread>();
  /** threads that exited in the middle of a job */
  failures = 0;
  #stopped = false;
  /** jobs under way, and those that wait for one of them to be over */
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param data left out: its threads work on no store */
  constructor(size: number, clock: Clock = systemClock, data?: ThreadData) {
    this.size = size;
    this.#clock = clock;
    this.#data = data;
    this.#pool = new Pool({ max: size });
  }

  get threads(): number {
    return this.#threads.size;
  }

  /**
   * Analyses the waveforms of one event; their samples are handed over: they are gone. Waits for a free thread.
   * @throws MakaiError WORKER_EXITED when the thread ended before it was done
   */
  async run(job: Job): Promise<Analysed[]> {
    const reply = await this.#onThread(
      job,
      job.waveforms.map(({ samples }) => samples.buffer),
    );
    if (!Array.isArray(reply)) throw new Error('a thread took a job for another one');
    return reply;
  }

  /**
   * Lets a thread read waveforms from the store, and write what it finds. Waits for a free thread.
   * @throws MakaiError WORKER_EXITED when the thread ended before it was done
   */
  async analyse(job: StoredJob): Promise<StoredReply> {
    const reply = await this.#onThread(job, []);
    if (Array.isArray(reply)) throw new Error('a thread took a job for another one');
    return reply;
  }

  async #onThread(job: Job | StoredJob, transfer: ArrayBuffer[]): Promise<Reply> {
    if (this.#running >= this.size) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await this.#runOn(this.#idle() ?? (await this.#start()), job, transfer);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #idle(): Thread | undefined {
    for (const thread of this.#threads) {
      if (thread.isTaken) continue;
      thread.isTaken = true;
      thread.cancelIdle();
      return thread;
    }
    return undefined;
  }

  #runOn(thread: Thread, job: Job | StoredJob, transfer: ArrayBuffer[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      thread.settle = { resolve, reject };
      try {
        thread.worker.postMessage(job, transfer);
      } catch (error) {
        // It cannot cross to a thread: nothing was sent, and another job can have this one.
        this.#release(thread);
        reject(error);
      }
    });
  }

  /** It has no job: it ends when it gets none for a while. */
  #release(thread: Thread): void {
    thread.settle = undefined;
    thread.isTaken = false;
    thread.cancelIdle = this.#clock.after(IDLE_MS, () => {
      thread.isTaken = true;
      void thread.worker.terminate();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #start(): Promise<Thread> {
    const options = {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
      execArgv: [],
      workerData: this.#data,
    };
    return new Promise((resolve, reject) => {
      this.#pool.acquire(SCRIPT, options, (error, worker) => {
        if (error) reject(error);
        else if (this.#stopped) void worker.terminate().then(() => reject(exited('the service stops')));
        else resolve(this.#adopt(worker));
      });
    });
  }

  #adopt(worker: Worker): Thread {
    const thread: Thread = { worker, isTaken: true, settle: undefined, cancelIdle: () => undefined };
    this.#threads.add(thread);
    let reason = 'it exited';
    worker.on('message', (reply: Reply) => {
      const { settle } = thread;
      this.#release(thread);
      settle?.resolve(reply);
    });
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', () => {
      this.#threads.delete(thread);
      thread.cancelIdle();
      if (thread.settle === undefined) return;
      if (!this.#stopped) this.failures += 1;
      thread.settle.reject(exited(reason));
      thread.settle = undefined;
    });
    return thread;
  }
}

function exited(reason: string): MakaiError {
  return new MakaiError('WORKER_EXITED', `a thread of the analysis ended: ${reason}`, {
    hint: 'The waveform is tried again by itself; report this with the log.',
  });
}
