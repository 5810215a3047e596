/** Bytes to and from the boxes, and the `makai_metrics` document made of them. */

import type { Clock } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Outbox } from '../store/outbox/outbox.js';

/** Bytes since the start: sent on `box_pub` (once, however many boxes listen) and received on `box_pull`. */
export interface Traffic {
  sent: number;
  recv: number;
}

export interface TrafficWriterOptions {
  traffic: Traffic;
  outbox: Pick<Outbox, 'put'>;
  clock: Clock;
  log: Logger;
  /** seconds between two documents; 0 writes none */
  intervalSeconds: number;
}

/** Writes {name: 'ab', sent, recv} of each interval, as the v3 broker did. An interval that could not be written joins the next. */
export function startTrafficWriter({
  traffic,
  outbox,
  clock,
  log,
  intervalSeconds,
}: TrafficWriterOptions): Running {
  let written = { ...traffic };
  let cancel = (): void => undefined;
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const now = { ...traffic };
    try {
      const [sent, recv] = [now.sent - written.sent, now.recv - written.recv];
      await outbox.put({ kind: 'metrics', document: { name: 'ab', sent, recv } });
      written = now;
    } catch (error) {
      log.debug({ err: error }, 'metrics not written');
    }
  };
  const schedule = (): void => {
    cancel = clock.after(intervalSeconds * 1000, () => {
      writing = write().then(schedule);
    });
  };
  let stopped = false;
  if (intervalSeconds > 0) schedule();
  return {
    stop: async () => {
      if (stopped) return;
      stopped = true;
      cancel();
      await writing;
      cancel();
    },
  };
}
