/** What a start and a stop of the broker do besides opening and closing: open requests are taken up, and what was read is dealt with. */
import { retry } from '../common/backoff.js';
import { type Clock, within } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { BACK_OFF } from '../store/outbox/policy.js';
import type { Core } from './core.js';
import { type RestoreOptions, restoreRequests } from './open-requests/persistence.js';
import type { BackendSockets } from './sockets/backend-sockets.js';
import type { BoxSockets } from './sockets/box-sockets.js';

/** How long a stop waits for replies that are being stored. */
const DRAIN_MS = 10_000;
/** The same for a store that does not return. */
const GIVE_UP_MS = 2_000;

/** Sends open requests again; while the store is unavailable it is asked for them in the background. */
export async function resume(
  core: Core,
  store: RestoreOptions['store'],
  clock: Clock,
  log: Logger,
): Promise<Running> {
  const { outbox, rejections, stopping: signal } = core;
  core.imported.start();
  const restore = async (): Promise<void> => {
    await core.imported.refresh();
    core.resume(await restoreRequests({ store, outbox, clock, log, rejections }));
  };
  let later: Promise<void> = Promise.resolve();
  try {
    await restore();
  } catch (error) {
    log.error({ err: error }, 'open requests are not taken up yet: the store is asked for them again');
    const options = { ...BACK_OFF, what: 'open requests', clock, log, signal, helps: () => true };
    later = retry(restore, options).catch(() => undefined);
  }
  return { stop: () => later };
}

/** Stops reading, then waits for what was read; what the store does not take in time stays an open request. */
export async function drain(
  core: Core,
  boxes: BoxSockets,
  backend: BackendSockets,
  clock: Clock,
): Promise<void> {
  backend.stopReading();
  boxes.stopReading();
  const { cluster, intake, queue, tokens } = core;
  const drained = Promise.all([intake.drained(), tokens.drained(), queue.drained(), cluster?.drained()]);
  await within(drained, DRAIN_MS, clock);
  core.giveUpStore();
  await within(drained, GIVE_UP_MS, clock);
}

export async function stopTimers(core: Core): Promise<void> {
  core.imported.stop();
  for (const pinger of core.pingers.values()) await pinger.stop();
  await core.open.stop();
}
