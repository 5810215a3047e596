/**
 * Writes the traffic of the measurement stream to `makai_metrics`, as the v3 triggering broker did (`tb`). Ours forwards the frames inside
 * libzmq and counts nothing, so they are counted here.
 */
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Outbox } from '../store/outbox/outbox.js';

const NAME = 'tb';

/** @param intervalSeconds 0: nothing is written */
export function startTraffic(
  outbox: Pick<Outbox, 'put'>,
  intervalSeconds: number,
  bytes: () => number,
  log: Logger,
): Running {
  if (intervalSeconds === 0) return { stop: () => Promise.resolve() };
  let written = bytes();
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const now = bytes();
    try {
      await outbox.put({ kind: 'metrics', document: { name: NAME, bytes: now - written } });
      written = now;
    } catch (error) {
      log.debug({ err: error }, 'traffic could not be written; the next document includes it');
    }
  };
  const timer = setInterval(() => {
    writing = writing.then(write);
  }, 1000 * intervalSeconds);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return writing;
    },
  };
}
