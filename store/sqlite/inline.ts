/** Operations on this thread: for short-lived programs, databases in memory, and threads that work on a store themselves. */
import type { ThreadStore } from '../store.js';
import {
  type Arguments,
  type Attempt,
  closedFailure,
  type Execution,
  type Operations,
  type Result,
  run,
  type Transactions,
  toError,
  toFailure,
  untilNotBusy,
} from './execution.js';
import type { Engines } from './serve.js';

/** `together` and `readTogether` of a `ThreadStore`. */
export interface InlineExecution<E> extends Execution<E>, Pick<ThreadStore, 'readTogether' | 'together'> {}

type Engine<E> = Operations<E> & Transactions & { beginReading(): void };

export function executeInline<E extends Engine<E>>(engines: Engines<E>, file: string): InlineExecution<E> {
  let open = true;
  /** the engine whose transaction is open */
  let held: E | undefined;
  const attempt = (name: string, args: unknown[]): Attempt => {
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
  const begin = (how: 'begin' | 'beginReading'): Attempt => {
    if (!open) return { failure: closedFailure(file) };
    try {
      const engine = engines.current();
      engine[how]();
      return { result: engine };
    } catch (error) {
      engines.failed(error);
      return { failure: toFailure(error, file) };
    }
  };
  const commit = (): void => {
    const committed = attempt('commit', []);
    if ('failure' in committed) throw toError(committed.failure);
  };
  const inTransaction = async <T>(how: 'begin' | 'beginReading', work: () => Promise<T>): Promise<T> => {
    const engine = (await untilNotBusy(() => begin(how))) as E;
    held = engine;
    try {
      const result = await work();
      commit();
      return result;
    } finally {
      held = undefined;
      rollBack(engine);
    }
  };
  return {
    call: async <K extends keyof E & string>(name: K, ...args: Arguments<E[K]>) => {
      // Hardly ever is it done with more than this.
      const first = attempt(name, args);
      if ('result' in first) return first.result as Result<E[K]>;
      return (await untilNotBusy(() => attempt(name, args), first)) as Result<E[K]>;
    },
    readTogether: (work) => inTransaction('beginReading', work),
    together: (work) => inTransaction('begin', work),
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
