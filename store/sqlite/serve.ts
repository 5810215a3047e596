/** The thread's end of an execution: runs operations in the order in which they come, writes that wait together as one transaction. */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { MakaiError } from '../../common/errors.js';
import {
  COPIED_BYTES,
  type Failure,
  type Reply,
  type Request,
  run,
  type Transactions,
  toFailure,
} from './execution.js';

/** The engine as it is now; another one once the file was opened again (reopening.ts). */
export interface Engines<E> {
  /** @throws where the file cannot be opened now */
  current(): E;
  /** What went wrong may be the fault of the open file. */
  failed(error: unknown): void;
  close(): void;
}

/**
 * The thread's end, called once by its script: runs operations in the order in which they come. Group commit: writes that wait together become one
 * transaction, so that they share one sync of the disk; 100 boxes that reply at the same time cost one sync, not 100. Nobody gets a reply before the
 * commit, so a reply still means "on disk".
 * @param open opens the file; what it throws is the reply to `executeOnThread`
 * @param reads names of operations that only read
 */
export function serve(file: string, open: () => Engines<Transactions>, reads: ReadonlySet<string>): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const reply = (replies: readonly Reply[]): void =>
    port.postMessage(
      replies,
      replies.flatMap((one) => ('result' in one ? handedOver(one.result) : [])),
    );
  try {
    const engines = open();
    port.on('message', (first: readonly Request[]) => {
      let requests = first;
      let at = 0;
      const next = (): Request | undefined => {
        if (at === requests.length) {
          requests = receiveMessageOnPort(port)?.message ?? [];
          at = 0;
        }
        at += 1;
        return requests[at - 1];
      };
      runWaiting(engines, reads, file, { next, isLast: () => at >= requests.length }, reply);
    });
    reply([{ id: 0, result: undefined }]);
  } catch (error) {
    reply([{ id: 0, failure: toFailure(error, file) }]);
  }
}

/** The bytes of a waveform are nobody's but the caller's. */
function handedOver(result: unknown): ArrayBuffer[] {
  if (!(result instanceof Uint8Array) || result.byteLength < COPIED_BYTES) return [];
  const { buffer } = result;
  return buffer instanceof ArrayBuffer && buffer.byteLength === result.byteLength ? [buffer] : [];
}

/** Always the same engine: for a file that one process has for itself. */
export function oneEngine<E extends Transactions>(engine: E): Engines<E> {
  return { current: () => engine, failed: () => undefined, close: () => engine.close() };
}

/** One transaction takes no more than this, so that the other process waits a moment only. */
const REQUESTS_A_TRANSACTION = 128;
const MS_A_TRANSACTION = 25;
/** Replies to reads that came in one message go back in one, unless the first has waited longer than this when another is done. */
const REPLIES_WAIT_MS = 1;

interface Waiting {
  /** the request that has waited longest, or undefined when none waits */
  next(): Request | undefined;
  /** true: that was the last of its message */
  isLast(): boolean;
}

/**
 * Runs requests in order and replies every one.
 * @param reads operations that only read: they need no transaction of their own
 */
function runWaiting(
  engines: Engines<Transactions>,
  reads: ReadonlySet<string>,
  file: string,
  { isLast, next }: Waiting,
  reply: (replies: readonly Reply[]) => void,
): void {
  let unsent: Reply[] = [];
  let sinceMs = 0;
  const flush = (): void => {
    if (unsent.length > 0) reply(unsent);
    unsent = [];
  };
  const answer = (replies: readonly Reply[]): void => {
    if (unsent.length === 0) sinceMs = performance.now();
    unsent.push(...replies);
    if (isLast() || performance.now() - sinceMs > REPLIES_WAIT_MS) flush();
  };
  const close = ({ id }: Request): void => {
    engines.close();
    answer([{ id, result: undefined }]);
    flush();
  };
  for (let first = next(); first !== undefined; first = next()) {
    if (first.name === 'close') {
      close(first);
      continue;
    }
    let engine: Transactions;
    try {
      engine = engines.current();
    } catch (error) {
      answer([{ id: first.id, failure: unusable(error, file) }]);
      continue;
    }
    const errors: unknown[] = [];
    const isRead = reads.has(first.name);
    const { closing, replies } = isRead
      ? { replies: [attempt(engine, file, first, errors)], closing: undefined }
      : runTogether(engine, file, first, next, errors);
    for (const error of errors) engines.failed(error);
    answer(replies);
    // What is on disk is said now: a read that follows may take long.
    if (!isRead) flush();
    if (closing !== undefined) close(closing);
  }
}

/** A file that cannot be opened while a daemon runs is an outage, which ends when somebody puts it right: writes wait for that. */
function unusable(error: unknown, file: string): Failure {
  return { ...toFailure(error, file), busy: false, code: 'STORE_UNAVAILABLE' };
}

function attempt(engine: Transactions, file: string, { id, name, args }: Request, errors: unknown[]): Reply {
  try {
    return { id, result: run(engine, name, args) };
  } catch (error) {
    errors.push(error);
    return { id, failure: toFailure(error, file) };
  }
}

/** One transaction around `first` and what waits behind it. */
function runTogether(
  engine: Transactions,
  file: string,
  first: Request,
  next: () => Request | undefined,
  errors: unknown[],
): { replies: Reply[]; closing: Request | undefined } {
  const replies: Reply[] = [];
  const until = performance.now() + MS_A_TRANSACTION;
  let closing: Request | undefined;
  try {
    engine.begin();
    for (let request: Request | undefined = first; request !== undefined; ) {
      replies.push(attempt(engine, file, request, errors));
      // A full disk ends the whole transaction, not only the statement that met it.
      if (!engine.inTransaction()) {
        const last = replies.at(-1);
        throw last !== undefined && 'failure' in last
          ? new Lost(last.failure)
          : new MakaiError('STORE_UNAVAILABLE', `${file}: a transaction was lost`);
      }
      if (replies.length >= REQUESTS_A_TRANSACTION || performance.now() > until) break;
      request = next();
      if (request?.name !== 'close') continue;
      closing = request;
      break;
    }
    engine.commit();
  } catch (error) {
    errors.push(error);
    rollBack(engine);
    const failure = error instanceof Lost ? error.failure : toFailure(error, file);
    // A failed begin has replied to nobody yet.
    const ids = replies.length > 0 ? replies.map(({ id }) => id) : [first.id];
    // Who met it is known where one operation ended the transaction, or was alone in it.
    const atFault = error instanceof Lost || ids.length === 1 ? ids.at(-1) : undefined;
    const failures = ids.map((id) => ({ id, failure: id === atFault ? failure : tryAgain(failure) }));
    replies.splice(0, replies.length, ...failures);
  }
  return { replies, closing };
}

/** For those that were in one transaction with a write that is refused: nothing is wrong with theirs. */
function tryAgain(failure: Failure): Failure {
  return failure.code === 'STORE_REFUSED' ? { ...failure, code: 'STORE_UNAVAILABLE' } : failure;
}

/** A disk that fails may fail this too. If a transaction is left open, the next `begin` fails and comes back here, and its requests are refused. */
function rollBack(engine: Transactions): void {
  try {
    engine.rollback();
  } catch {
    // What made it necessary is what is reported.
  }
}

/** Carries the failure of the operation with which a whole transaction went. */
class Lost extends Error {
  constructor(readonly failure: ReturnType<typeof toFailure>) {
    super(failure.message);
  }
}
