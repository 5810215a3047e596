/** Operations on this thread: for short-lived programs, databases in memory, and threads that work on a store themselves. */
import {
  type Arguments,
  closedFailure,
  type Execution,
  type Failure,
  type Operations,
  type Result,
  run,
  type Transactions,
  toError,
  toFailure,
  untilNotBusy,
} from './execution.js';
import type { Engines } from './serve.js';

export interface InlineExecution<E> extends Execution<E> {
  /** `ThreadStore.together` */
  together<T>(work: () => Promise<T>): Promise<T>;
}

type Attempt = { result: unknown } | { failure: Failure };

export function executeInline<E extends Operations<E> & Transactions>(
  engines: Engines<E>,
  file: string,
): InlineExecution<E> {
  let open = true;
  /** the engine whose transaction is open */
  let held: E | undefined;
  const attempt = async (name: string, args: unknown[]): Promise<Attempt> => {
    if (!open) return { failure: closedFailure(file) };
    try {
      // A full disk ends a transaction: what comes after it is no part of it.
      if (held !== undefined && !held.inTransaction()) throw new Error('the transaction is over');
      return { result: run(held ?? engines.current(), name, args) };
    } catch (error) {
      engines.failed(error);
      return { failure: toFailure(error, file) };
    }
  };
  const begin = async (): Promise<Attempt> => {
    if (!open) return { failure: closedFailure(file) };
    try {
      const engine = engines.current();
      engine.begin();
      return { result: engine };
    } catch (error) {
      engines.failed(error);
      return { failure: toFailure(error, file) };
    }
  };
  const commit = async (): Promise<void> => {
    const committed = await attempt('commit', []);
    if ('failure' in committed) throw toError(committed.failure);
  };
  return {
    call: async <K extends keyof E & string>(name: K, ...args: Arguments<E[K]>) =>
      (await untilNotBusy(() => attempt(name, args))) as Result<E[K]>,
    together: async (work) => {
      const engine = (await untilNotBusy(begin)) as E;
      held = engine;
      try {
        const result = await work();
        await commit();
        return result;
      } finally {
        held = undefined;
        rollBack(engine);
      }
    },
    close: async () => {
      if (open) engines.close();
      open = false;
    },
  };
}

/** Where it was not committed. A disk that fails may fail this too: what made it necessary is what is reported, and the next `begin` fails. */
function rollBack(engine: Transactions): void {
  try {
    if (engine.inTransaction()) engine.rollback();
  } catch {
    // Said above.
  }
}
