/** Start in order, stop in reverse. A failed start stops what already runs; a failed stop does not keep the rest running. */

/** A running part that can be stopped once; a second `stop()` returns the first one's promise or does nothing. */
export interface Running {
  stop(): Promise<void>;
}

/** One part of a daemon: a name for error messages, and how it starts. */
export interface Part {
  name: string;
  start(): Promise<Running>;
}

/**
 * Starts the parts in order.
 * @throws what the failing part threw, after those already started were stopped in reverse.
 */
export async function startAll(parts: readonly Part[]): Promise<Running> {
  const running: { name: string; part: Running }[] = [];
  for (const { name, start } of parts) {
    try {
      running.push({ name, part: await start() });
    } catch (error) {
      await stopAll(running).catch(() => undefined);
      throw error;
    }
  }
  let stopping: Promise<void> | undefined;
  return {
    stop: () => {
      stopping ??= stopAll(running);
      return stopping;
    },
  };
}

/**
 * Stops in reverse order and goes on past failures.
 * @throws AggregateError that names the parts that failed to stop.
 */
export async function stopAll(running: readonly { name: string; part: Running }[]): Promise<void> {
  const failures: Error[] = [];
  for (const { name, part } of [...running].reverse()) {
    try {
      await part.stop();
    } catch (error) {
      failures.push(new Error(`${name} did not stop cleanly`, { cause: error }));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map((f) => f.message).join('; '));
}
