/** For tests of what is counted by the day. */
import { setTimeout as sleep } from 'node:timers/promises';

const DAY_MS = 86_400_000;

/** Fulfilled immediately, or after midnight (UTC) where that is nearer than a test takes. */
export async function withinOneDay(neededMs: number): Promise<void> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs < neededMs) await sleep(leftMs + 100);
}
