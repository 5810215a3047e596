/**
 * Operations on a thread of their own, so that a slow disk never holds up a daemon's sockets: the caller's end of it; the thread's is serve.ts.
 * An operation that found the file locked by another process is tried again. Programs without a thread: inline.ts.
 */
import { Worker } from 'node:worker_threads';
import { pause, systemClock } from '../../common/clock.js';
import type { ErrorCode } from '../../common/error-codes.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import { isBusy, storeError } from './connection.js';

/** Synchronous operations by name. */
export type Operations<E> = { [K in keyof E]: (...args: never[]) => unknown };

/** What every engine has besides its own operations: a transaction around several of them. */
export interface Transactions {
  begin(): void;
  commit(): void;
  rollback(): void;
  inTransaction(): boolean;
  close(): void;
}

export type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
export type Result<F> = F extends (...args: never[]) => infer R ? R : never;

export interface Execution<E> {
  /** Runs one operation. Arguments must not be changed before the promise is settled. @throws MakaiError */
  call<K extends keyof E & string>(name: K, ...args: Arguments<E[K]>): Promise<Result<E[K]>>;
  close(): Promise<void>;
}

/** An error in a form that crosses threads. */
export type Failure = { busy: boolean; message: string; code?: ErrorCode; hint?: string };

/** What the main thread sends, in lists: what was called in one turn of its loop crosses in one message. */
export type Request = { id: number; name: string; args: unknown[] };
/** What the worker sends, in lists: first `{ id: 0 }` once the store is open, then a reply to each request. */
export type Reply = { id: number } & ({ result: unknown } | { failure: Failure });

/** Handing a buffer over takes longer than copying so many bytes. */
export const COPIED_BYTES = 32 * 1024;

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

/** The error that a failure was. */
export function toError({ message, code, hint }: Failure): Error {
  return code === undefined
    ? new Error(message)
    : new MakaiError(code, message, hint === undefined ? {} : { hint });
}

/** Runs an operation by name. */
export function run(engine: object, name: string, args: unknown[]): unknown {
  const operation = (engine as Record<string, (...values: unknown[]) => unknown>)[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return operation(...args);
}

export type Attempt = { result: unknown } | { failure: Failure };

/** Repeats `attempt` while its failure is another process's lock. @param first how the first one ended; left out: there was none */
export async function untilNotBusy(
  attempt: () => Attempt | Promise<Attempt>,
  first?: Attempt,
): Promise<unknown> {
  const deadline = Date.now() + BUSY_DEADLINE_MS;
  let last = first;
  for (;;) {
    const reply = last ?? (await attempt());
    last = undefined;
    if ('result' in reply) return reply.result;
    if (!reply.failure.busy || Date.now() > deadline) throw toError(reply.failure);
    await pause(systemClock, BUSY_PAUSE_MS);
  }
}

/** Arguments in the form in which they cross to a thread, and buffers that are handed over with them. */
export interface Packed {
  args: unknown[];
  transfer?: ArrayBuffer[];
}

export interface ThreadOptions {
  /** what the worker needs, besides the file */
  workerData: object;
  /** called when the thread has ended by itself: every call fails from then on */
  ended?: ((error: MakaiError) => void) | undefined;
  /** called for each try; left out: arguments cross as copies */
  pack?: (name: string, args: unknown[]) => Packed;
}

/**
 * @param script a worker that calls `serve`
 * @throws MakaiError as `openDatabase`
 */
export async function executeOnThread<E extends Operations<E>>(
  script: URL,
  file: string,
  { ended, pack = (_, args) => ({ args }), workerData }: ThreadOptions,
): Promise<Execution<E>> {
  // Without execArgv: what the program was started with (--input-type, --eval) is not meant for the thread.
  const worker = new Worker(script, { workerData: { ...workerData, file }, execArgv: [] });
  const waiting = new Map<number, (reply: Reply) => void>();
  let nextId = 1;
  let gone: Failure | undefined;
  let isOpen = false;
  let closing: Promise<void> | undefined;

  const leave = (failure: Failure): void => {
    gone ??= failure;
    for (const [id, settle] of waiting) settle({ id, failure: gone });
    waiting.clear();
  };
  const expect = (id: number): Promise<Reply> =>
    new Promise((resolve) => {
      if (gone !== undefined) return resolve({ id, failure: gone });
      worker.ref();
      waiting.set(id, resolve);
    });
  const answered = (reply: Reply): void => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
    // An idle store does not keep a program running that has nothing else to do.
    if (waiting.size === 0) worker.unref();
  };
  worker.on('message', (replies: readonly Reply[]) => {
    for (const reply of replies) answered(reply);
  });
  let reason = 'nobody asked it to';
  worker.on('error', (error) => {
    reason = messageOf(error);
  });
  // Follows an error, too.
  worker.on('exit', () => {
    if (closing !== undefined) return leave(closedFailure(file));
    const message = `${file}: the thread of the store ended: ${reason}`;
    const hint = 'Start the program again; report this with the log.';
    leave({ busy: false, code: 'STORE_UNAVAILABLE', message, hint });
    if (isOpen) ended?.(new MakaiError('WORKER_EXITED', message, { hint }));
  });

  let unsent: { request: Request; transfer: ArrayBuffer[] }[] = [];
  const post = (sent: typeof unsent): void => {
    try {
      worker.postMessage(
        sent.map(({ request }) => request),
        sent.flatMap(({ transfer }) => transfer),
      );
    } catch (error) {
      // Something in them cannot cross to a thread: the others are not at fault.
      const [first] = sent;
      if (sent.length > 1) for (const one of sent) post([one]);
      else if (first !== undefined) answered({ id: first.request.id, failure: toFailure(error, file) });
    }
  };
  const flush = (): void => {
    const sent = unsent;
    unsent = [];
    if (gone === undefined) post(sent);
  };
  const send = (name: string, args: unknown[]): Promise<Reply> => {
    const id = nextId;
    nextId += 1;
    const reply = expect(id);
    if (gone === undefined) {
      const packed = pack(name, args);
      if (unsent.length === 0) queueMicrotask(flush);
      unsent.push({ request: { id, name, args: packed.args }, transfer: packed.transfer ?? [] });
    }
    return reply;
  };

  const opened = await expect(0);
  if ('failure' in opened) {
    await worker.terminate();
    throw toError(opened.failure);
  }
  isOpen = true;
  return {
    call: async <K extends keyof E & string>(name: K, ...args: Arguments<E[K]>) => {
      if (closing !== undefined) throw toError(closedFailure(file));
      return (await untilNotBusy(() => send(name, args))) as Result<E[K]>;
    },
    close: () => {
      closing ??= send('close', [])
        .then(() => worker.terminate())
        .then(() => undefined);
      return closing;
    },
  };
}

export function closedFailure(file: string): Failure {
  return { busy: false, code: 'STORE_UNAVAILABLE', message: `${file}: the store is closed` };
}
