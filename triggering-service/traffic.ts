/**
 * Writes the traffic of the triggering stream to `makai_metrics`, as the triggering broker of 2020 did (`tb`): ours moves the frames in
 * libzmq and counts nothing, so the first who sees them all counts for it.
 */
import { messageOf } from '../common/errors.js';
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
  let told = bytes();
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const now = bytes();
    try {
      await outbox.put({ kind: 'metrics', document: { name: NAME, bytes: now - told } });
      told = now;
    } catch (error) {
      log.debug(
        { detail: messageOf(error) },
        'traffic could not be written; the next document counts it too',
      );
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
