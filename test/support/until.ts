/** Waiting for a state of other programs. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const PATIENCE_MS = 120_000;

/** Waits until something holds. @throws Error that names it, after two minutes */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await sleep(200);
  }
}

/** Waits until what is read equals something. @throws AssertionError with the last difference, after two minutes */
export async function untilEqual<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await read();
    if (isDeepStrictEqual(found, expected)) return;
    if (performance.now() > end) assert.deepEqual(found, expected);
    await sleep(200);
  }
}
