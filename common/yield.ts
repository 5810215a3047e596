/** Lets timers, sockets and messages have their turn in the middle of long work. */
import { setImmediate } from 'node:timers/promises';

/** Fulfilled in the next turn of the event loop, after the I/O that is ready. */
export function yieldToEventLoop(): Promise<void> {
  return setImmediate();
}
