/** Whether the stored trends are those of the stored measurements, whoever wrote them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../../store/store.js';

const PATIENCE_MS = 180_000;
const LOOK_MS = 3000;
/** Boxes of which every window is looked at. */
const LOOKED_AT = 40;

/** Waits: the first windows after a move are computed later. @param fromMs when boxes began to send */
export async function trendsAreRight(
  store: Store,
  ids: readonly number[],
  windowSeconds: number,
  fromMs: number,
): Promise<boolean> {
  const windowMs = windowSeconds * 1000;
  const first = Math.ceil(fromMs / windowMs);
  // The last windows are written some seconds after their end.
  const last = Math.floor(Date.now() / windowMs) - 2;
  const step = Math.max(1, Math.floor(ids.length / LOOKED_AT));
  const windows = ids
    .filter((_, i) => i % step === 0)
    .flatMap((id) =>
      Array.from({ length: Math.max(0, last - first) }, (_, i) => {
        const startMs = (first + i) * windowMs;
        return { boxId: String(id), startMs, endMs: startMs + windowMs };
      }),
    );
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await areRight(store, windows))) {
    if (performance.now() > endMs) return false;
    await sleep(LOOK_MS);
  }
  return true;
}

async function areRight(
  store: Store,
  windows: readonly { boxId: string; startMs: number; endMs: number }[],
): Promise<boolean> {
  const expected = await store.computeTrends(windows);
  for (const [i, { boxId, endMs }] of windows.entries()) {
    const wanted = expected[i]?.voltage;
    if (wanted === undefined) continue;
    let found: { min: number; max: number; average: number } | undefined;
    for await (const { voltage } of store.trends(boxId, { fromMs: endMs, toMs: endMs + 1 })) found = voltage;
    if (found === undefined || found.min !== wanted.min || found.max !== wanted.max) return false;
    if (Math.abs(found.average - wanted.average) > 1e-9) return false;
  }
  return true;
}
