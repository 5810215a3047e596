/** Writes findings to the collection `health`, as the health service of the field does: one of ours, one of each box, again and again. */
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { HealthDocument } from '../store/documents.js';
import type { Outbox } from '../store/outbox/outbox.js';

/** As that service's configuration has it; the web view looks at the findings of the last minute. */
export const INTERVAL_MS = 20_000;
/** A box not heard for so long is down. */
const UP_MS = 20_000;
const WRITES_AT_ONCE = 8;

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
  // A box's clock may be ahead of ours; what is in the future was heard just now.
  const heard = [...boxes].map(({ boxId, heardMs }) => of('BOX', String(boxId), nowMs - heardMs < UP_MS));
  return [of('MAKAI', '', true), ...heard];
}

/** @param boxes the boxes that were heard since the start, at the moment of asking */
export function startHealthDocuments(
  outbox: Pick<Outbox, 'put'>,
  boxes: () => Iterable<HeardBox>,
  log: Logger,
  everyMs = INTERVAL_MS,
): Running {
  let stopped = false;
  let writing: Promise<void> | undefined;
  const writeAll = async (): Promise<void> => {
    const documents = findings(boxes(), Date.now());
    try {
      while (documents.length > 0 && !stopped) {
        const some = documents.splice(0, WRITES_AT_ONCE);
        await Promise.all(some.map((finding) => outbox.put({ kind: 'health', finding })));
      }
    } catch (error) {
      log.debug({ detail: messageOf(error) }, 'health could not be written');
    }
  };
  const timer = setInterval(() => {
    // A store slower than the interval is not made slower still.
    writing ??= writeAll().finally(() => {
      writing = undefined;
    });
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await writing;
    },
  };
}
