/** Operations on this thread: for short-lived programs, and databases in memory. */
import {
  type Arguments,
  closedFailure,
  type Execution,
  type Operations,
  type Result,
  run,
  type Transactions,
  toFailure,
  untilNotBusy,
} from './execution.js';

export function executeInline<E extends Operations<E> & Transactions>(engine: E, file: string): Execution<E> {
  let open = true;
  const attempt = async (name: string, args: unknown[]) => {
    if (!open) return { failure: closedFailure(file) };
    try {
      return { result: run(engine, name, args) };
    } catch (error) {
      return { failure: toFailure(error, file) };
    }
  };
  return {
    call: async <K extends keyof E & string>(name: K, ...args: Arguments<E[K]>) =>
      (await untilNotBusy(() => attempt(name, args))) as Result<E[K]>,
    close: async () => {
      if (open) engine.close();
      open = false;
    },
  };
}
