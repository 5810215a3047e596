/** Boxes that should send and do not: heard before, or named by a certificate and not heard since the start of the service. */
import type { Sample } from '../common/metrics/metrics.js';
import type { BoxTotals } from './ingest/box-table.js';

/** A box sends several times a second or once a second; after the start of the service all have this long to be heard, ms. */
export const SILENT_MS = 5 * 60_000;
/** Series in `/metrics`. */
const MAX_SERIES = 1000;

export interface SilentBoxesOptions {
  heard: Iterable<Pick<BoxTotals, 'boxId' | 'heardMs'>>;
  /** ids that a certificate names; empty without a list */
  certified: Iterable<number>;
  /** not in use, by its record, or a box of another service */
  isOther(boxId: number): boolean;
  /** of the service, Unix ms */
  startedMs: number;
  nowMs: number;
}

/** Seconds of silence of each silent box, the longest first, at most 1000. */
export function silentBoxes({ certified, heard, isOther, nowMs, startedMs }: SilentBoxesOptions): Sample[] {
  const last = new Map<number, number>();
  for (const id of certified) last.set(id, startedMs);
  for (const { boxId, heardMs } of heard) last.set(boxId, heardMs);
  return [...last]
    .filter(([id, ms]) => nowMs - ms > SILENT_MS && !isOther(id))
    .sort(([, a], [, b]) => a - b)
    .slice(0, MAX_SERIES)
    .map(([id, ms]) => ({ labels: { box: String(id) }, value: (nowMs - ms) / 1000 }));
}
