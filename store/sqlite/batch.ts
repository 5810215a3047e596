/**
 * Group commit: requests that wait together become one transaction, so that they share one sync of the disk. 100 boxes that answer at
 * once cost one sync, not 100. Nobody is answered before the commit, so an answer still means "on disk".
 */
import { type Answer, type Request, run, type Transactions, toFailure } from './execution.js';

/** One transaction takes no more than this, so that the other process waits a moment only. */
const REQUESTS_A_TRANSACTION = 128;
const MS_A_TRANSACTION = 25;

/**
 * Runs requests in order and answers every one.
 * @param reads operations that only read: they need no transaction of their own
 * @param next the request that has waited longest, or undefined when none waits
 */
export function runWaiting(
  engine: Transactions,
  reads: ReadonlySet<string>,
  file: string,
  next: () => Request | undefined,
  answer: (message: Answer) => void,
): void {
  for (let first = next(); first !== undefined; first = next()) {
    if (reads.has(first.name) || first.name === 'close') answer(attempt(engine, file, first));
    else for (const message of runTogether(engine, file, first, next)) answer(message);
  }
}

function attempt(engine: Transactions, file: string, { id, name, args }: Request): Answer {
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
): Answer[] {
  const answers: Answer[] = [];
  const until = performance.now() + MS_A_TRANSACTION;
  let closing: Request | undefined;
  try {
    engine.begin();
    for (let request: Request | undefined = first; request !== undefined; ) {
      answers.push(attempt(engine, file, request));
      // A full disk ends the whole transaction, not only the statement that met it.
      if (!engine.inTransaction()) {
        const last = answers.at(-1);
        throw last !== undefined && 'failure' in last
          ? new Lost(last.failure)
          : new Error('transaction lost');
      }
      if (answers.length >= REQUESTS_A_TRANSACTION || performance.now() > until) break;
      request = next();
      if (request?.name !== 'close') continue;
      closing = request;
      break;
    }
    engine.commit();
  } catch (error) {
    rollBack(engine);
    const failure = error instanceof Lost ? error.failure : toFailure(error, file);
    // A failed begin has answered nobody yet.
    const ids = answers.length > 0 ? answers.map(({ id }) => id) : [first.id];
    answers.splice(0, answers.length, ...ids.map((id) => ({ id, failure })));
  }
  if (closing !== undefined) answers.push(attempt(engine, file, closing));
  return answers;
}

/** A disk that fails may fail this too. If a transaction is left open, the next `begin` fails and comes back here, and its requests are refused. */
function rollBack(engine: Transactions): void {
  try {
    engine.rollback();
  } catch {
    // What made it necessary is what is told.
  }
}

/** Carries the failure of the operation with which a whole transaction went. */
class Lost extends Error {
  constructor(readonly failure: ReturnType<typeof toFailure>) {
    super(failure.message);
  }
}
