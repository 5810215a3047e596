/** Writes findings to the collection `health`, as the v3 health service does: one of this service and one of each box, every 20 s. */
import { repeat, systemClock } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { HealthDocument } from '../store/documents.js';
import type { Outbox } from '../store/outbox/outbox.js';

/** The interval of the v3 service; the web view shows the findings of the last minute. */
export const INTERVAL_MS = 20_000;
/** A box not heard for so long is down. */
const UP_MS = 20_000;
const PARALLEL_WRITES = 8;

export interface HeardBox {
  boxId: number;
  /** Unix ms */
  heardMs: number;
}

/** The findings of one moment. */
export function findings(boxes: Iterable<HeardBox>, nowMs: number): HealthDocument[] {
  const timestamp = new Date(nowMs);
  const of = (service: string, serviceID: string, up: boolean): HealthDocument => ({
    timestamp,
    service,
    serviceID,
    status: up ? 'UP' : 'DOWN',
    info: '',
  });
  // A box's clock may be ahead of ours; a time in the future counts as now.
  const heard = [...boxes].map(({ boxId, heardMs }) => of('BOX', String(boxId), nowMs - heardMs < UP_MS));
  return [of('MAKAI', '', true), ...heard];
}

/** @param boxes the boxes heard since the start, at the time of the call */
export function startHealthDocuments(
  outbox: Pick<Outbox, 'put'>,
  boxes: () => Iterable<HeardBox>,
  log: Logger,
  everyMs = INTERVAL_MS,
): Running {
  let stopped = false;
  const writeAll = async (): Promise<void> => {
    const documents = findings(boxes(), Date.now());
    try {
      while (documents.length > 0 && !stopped) {
        const some = documents.splice(0, PARALLEL_WRITES);
        await Promise.all(some.map((finding) => outbox.put({ kind: 'health', finding })));
      }
    } catch (error) {
      log.debug({ err: error }, 'health could not be written');
    }
  };
  const writes = repeat(writeAll, everyMs, systemClock);
  return {
    stop: () => {
      stopped = true;
      return writes.stop();
    },
  };
}
