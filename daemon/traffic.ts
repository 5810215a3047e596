/** Writes what a daemon carried to `makai_metrics`, as the v3 services did. An interval that could not be written joins the next. */
import { type Clock, repeat } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { MetricsDocument } from '../store/documents.js';
import type { Outbox } from '../store/outbox/outbox.js';

export interface TrafficOptions<T extends Record<string, number>> {
  /** bytes since the start */
  totals(): T;
  /** the document of the bytes of one interval */
  document(bytes: T): MetricsDocument;
  outbox: Pick<Outbox, 'put'>;
  clock: Clock;
  log: Logger;
  /** seconds between two documents; 0: none is written */
  intervalSeconds: number;
}

export function startTraffic<T extends Record<string, number>>(options: TrafficOptions<T>): Running {
  const { clock, document, intervalSeconds, log, outbox, totals } = options;
  if (intervalSeconds === 0) return { stop: () => Promise.resolve() };
  let written = { ...totals() };
  const write = async (): Promise<void> => {
    const now = { ...totals() };
    const bytes = Object.fromEntries(
      Object.entries(now).map(([name, n]) => [name, n - (written[name] ?? 0)]),
    );
    try {
      await outbox.put({ kind: 'metrics', document: document(bytes as T) });
      written = now;
    } catch (error) {
      log.debug({ err: error }, 'traffic could not be written; the next document includes it');
    }
  };
  return repeat(write, 1000 * intervalSeconds, clock);
}
