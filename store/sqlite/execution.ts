/**
 * Where the operations run: on this thread (`inline`: short-lived programs, and databases in memory) or on a worker thread, so that a slow
 * disk never holds up a daemon's sockets. Either way an operation that found the file locked by another process is tried again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '../../common/error-codes.js';
import { MakaiError } from '../../common/errors.js';
import type { Retention } from '../store.js';
import { isBusy, storeError } from './connection.js';
import { type Engine, openEngine } from './engine.js';

export interface Execution {
  /** Runs one operation. Arguments must not be changed before the promise is settled. @throws MakaiError */
  call<K extends keyof Engine>(name: K, ...args: Parameters<Engine[K]>): Promise<ReturnType<Engine[K]>>;
  close(): Promise<void>;
}

/** An error in a form that crosses threads. */
export type Failure = { busy: boolean; message: string; code?: ErrorCode; hint?: string };

/** What the main thread sends. */
export type Request = { id: number; name: keyof Engine; args: unknown[] };
/** What the worker sends: first `{ id: 0 }` once the store is open, then an answer to each request. */
export type Answer = { id: number } & ({ result: unknown } | { failure: Failure });

/** Tries go on this long while another process holds the lock. */
const BUSY_DEADLINE_MS = 20_000;
const BUSY_PAUSE_MS = 10;

export function toFailure(error: unknown, file: string): Failure {
  const meaning = storeError(error, file);
  const message = meaning instanceof Error ? meaning.message : String(meaning);
  const busy = isBusy(error);
  if (!(meaning instanceof MakaiError)) return { busy, message };
  return { busy, message, code: meaning.code, ...(meaning.hint === undefined ? {} : { hint: meaning.hint }) };
}

function toError({ message, code, hint }: Failure): Error {
  return code === undefined
    ? new Error(message)
    : new MakaiError(code, message, hint === undefined ? {} : { hint });
}

/** Runs an operation by name. */
export function run(engine: Engine, name: keyof Engine, args: unknown[]): unknown {
  const operation = engine[name] as (...values: unknown[]) => unknown;
  return operation(...args);
}

/** Repeats `attempt` while its failure is another process's lock. */
async function untilNotBusy(
  attempt: () => Promise<{ result: unknown } | { failure: Failure }>,
): Promise<unknown> {
  const deadline = Date.now() + BUSY_DEADLINE_MS;
  for (;;) {
    const answer = await attempt();
    if ('result' in answer) return answer.result;
    if (!answer.failure.busy || Date.now() > deadline) throw toError(answer.failure);
    await sleep(BUSY_PAUSE_MS);
  }
}

export function executeInline(file: string, retention: Retention): Execution {
  const engine = openEngine(file, retention);
  let open = true;
  const attempt = async (name: keyof Engine, args: unknown[]) => {
    if (!open) return { failure: closedFailure(file) };
    try {
      return { result: run(engine, name, args) };
    } catch (error) {
      return { failure: toFailure(error, file) };
    }
  };
  return {
    call: async <K extends keyof Engine>(name: K, ...args: Parameters<Engine[K]>) =>
      (await untilNotBusy(() => attempt(name, args))) as ReturnType<Engine[K]>,
    close: async () => {
      if (open) engine.close();
      open = false;
    },
  };
}

/** @throws MakaiError as `openDatabase` */
export async function executeOnThread(file: string, retention: Retention): Promise<Execution> {
  // Without execArgv: what the program was started with (--input-type, --eval) is not meant for the thread.
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { file, retention },
    execArgv: [],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let nextId = 1;
  let gone: Failure | undefined;
  let closing: Promise<void> | undefined;

  const leave = (failure: Failure): void => {
    gone ??= failure;
    for (const [id, settle] of waiting) settle({ id, failure: gone });
    waiting.clear();
  };
  const expect = (id: number): Promise<Answer> =>
    new Promise((resolve) => {
      if (gone !== undefined) return resolve({ id, failure: gone });
      worker.ref();
      waiting.set(id, resolve);
    });
  worker.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
    // An idle store does not keep a program running that has nothing else to do.
    if (waiting.size === 0) worker.unref();
  });
  worker.on('error', (error) => leave(toFailure(error, file)));
  worker.on('exit', () => leave(closedFailure(file)));

  const send = (name: keyof Engine, args: unknown[]): Promise<Answer> => {
    const id = nextId;
    nextId += 1;
    const answer = expect(id);
    if (gone === undefined) worker.postMessage({ id, name, args } satisfies Request);
    return answer;
  };

  const opened = await expect(0);
  if ('failure' in opened) {
    await worker.terminate();
    throw toError(opened.failure);
  }
  return {
    call: async <K extends keyof Engine>(name: K, ...args: Parameters<Engine[K]>) => {
      if (closing !== undefined) throw toError(closedFailure(file));
      return (await untilNotBusy(() => send(name, args))) as ReturnType<Engine[K]>;
    },
    close: () => {
      closing ??= send('close', [])
        .then(() => worker.terminate())
        .then(() => undefined);
      return closing;
    },
  };
}

function closedFailure(file: string): Failure {
  return { busy: false, code: 'STORE_UNAVAILABLE', message: `${file}: the store is closed` };
}
