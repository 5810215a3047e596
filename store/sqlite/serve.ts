/**
 * The thread of one file: runs operations in the order in which they come. Group commit: writes that wait together become one transaction, so that they
 * share one sync of the disk; 100 boxes that reply at the same time cost one sync, not 100. Nobody gets a reply before the commit, so a reply still means "on disk".
 */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { type Reply, type Request, run, type Transactions, toFailure } from './execution.js';

/**
 * Called once by a worker script.
 * @param open opens the file; what it throws is the reply to `executeOnThread`
 * @param reads names of operations that only read
 */
export function serve(file: string, open: () => Transactions, reads: ReadonlySet<string>): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const reply = (message: Reply): void => port.postMessage(message);
  try {
    const engine = open();
    port.on('message', (first: Request) => {
      let head: Request | undefined = first;
      const next = (): Request | undefined => {
        const request: Request | undefined = head ?? receiveMessageOnPort(port)?.message;
        head = undefined;
        return request;
      };
      runWaiting(engine, reads, file, next, reply);
    });
    reply({ id: 0, result: undefined });
  } catch (error) {
    reply({ id: 0, failure: toFailure(error, file) });
  }
}

/** One transaction takes no more than this, so that the other process waits a moment only. */
const REQUESTS_A_TRANSACTION = 128;
const MS_A_TRANSACTION = 25;

/**
 * Runs requests in order and replies every one.
 * @param reads operations that only read: they need no transaction of their own
 * @param next the request that has waited longest, or undefined when none waits
 */
function runWaiting(
  engine: Transactions,
  reads: ReadonlySet<string>,
  file: string,
  next: () => Request | undefined,
  reply: (message: Reply) => void,
): void {
  for (let first = next(); first !== undefined; first = next()) {
    if (reads.has(first.name) || first.name === 'close') reply(attempt(engine, file, first));
    else for (const message of runTogether(engine, file, first, next)) reply(message);
  }
}

function attempt(engine: Transactions, file: string, { id, name, args }: Request): Reply {
  try {
    return { id, result: run(engine, name, args) };
  } catch (error) {
    return { id, failure: toFailure(error, file) };
  }
}

/** One transaction around `first` and what waits behind it. */
function runTogether(
  engine: Transactions,
  file: string,
  first: Request,
  next: () => Request | undefined,
): Reply[] {
  const replies: Reply[] = [];
  const until = performance.now() + MS_A_TRANSACTION;
  let closing: Request | undefined;
  try {
    engine.begin();
    for (let request: Request | undefined = first; request !== undefined; ) {
      replies.push(attempt(engine, file, request));
      // A full disk ends the whole transaction, not only the statement that met it.
      if (!engine.inTransaction()) {
        const last = replies.at(-1);
        throw last !== undefined && 'failure' in last
          ? new Lost(last.failure)
          : new Error('transaction lost');
      }
      if (replies.length >= REQUESTS_A_TRANSACTION || performance.now() > until) break;
      request = next();
      if (request?.name !== 'close') continue;
      closing = request;
      break;
    }
    engine.commit();
  } catch (error) {
    rollBack(engine);
    const failure = error instanceof Lost ? error.failure : toFailure(error, file);
    // A failed begin has replied to nobody yet.
    const ids = replies.length > 0 ? replies.map(({ id }) => id) : [first.id];
    replies.splice(0, replies.length, ...ids.map((id) => ({ id, failure })));
  }
  if (closing !== undefined) replies.push(attempt(engine, file, closing));
  return replies;
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
