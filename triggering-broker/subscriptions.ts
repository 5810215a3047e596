/**
 * What services subscribe to while no box is let in yet. A box that comes back sends what it queued as soon as it has connected, and the
 * broker passes on only what somebody has subscribed to: so the subscribers come first.
 */
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../common/errors.js';
import type { XPublisher } from '../zmq/sockets.js';

export interface Expected {
  /** subscribers that were connected before; undefined: not known, at least one */
  subscribers: number | undefined;
  /** boxes wait at least and at most this long, ms */
  minMs: number;
  maxMs: number;
}

const READ_MS = 20;
/** After this pause the subscriptions of one subscriber are all there, ms. */
const QUIET_MS = 50;
/** Where more came than there are subscribers: one of them may have sent all, and another one is slow. ms */
const UNSURE_QUIET_MS = 500;

const UNSUBSCRIBE = 0;
const SUBSCRIBE = 1;

/**
 * Reads subscriptions until those of all expected subscribers are there, as far as can be seen (a subscription does not say whose it is), or the time is over.
 * A connection alone does not count: a busy service connects immediately (libzmq's own thread) and subscribes only when its loop gets a turn.
 * @param back bound, and not in a proxy yet
 * @param connected how many subscribers are connected at the moment
 * @returns the topics, each once
 */
export async function readSubscriptions(
  back: XPublisher,
  connected: () => number,
  { maxMs, minMs, subscribers }: Expected,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const topics = new Map<string, Buffer>();
  if (maxMs === 0 || subscribers === 0) return [];
  const startedMs = performance.now();
  let lastMs = startedMs;
  let heard = 0;
  // All of them, so that they can be counted; in the proxy only the first and the last of a topic matter.
  back.verbosity = 'allSubs';
  back.receiveTimeout = READ_MS;
  while (!signal.aborted) {
    const nowMs = performance.now();
    if (nowMs - startedMs >= maxMs) break;
    // One subscriber may send hundreds of topics, so those that are connected count too.
    const wanted = Math.max(subscribers ?? 1, connected());
    const quietMs = wanted > 1 && heard > wanted ? UNSURE_QUIET_MS : QUIET_MS;
    const complete = connected() >= wanted && heard >= wanted && nowMs - lastMs >= quietMs;
    if (complete && nowMs - startedMs >= minMs) break;
    const frames = await receiveOrTimeout(back);
    const [frame] = frames;
    if (frame === undefined || frames.length > 1) continue;
    const topic = frame.subarray(1);
    if (frame[0] === SUBSCRIBE) {
      topics.set(topic.toString('latin1'), topic);
      heard += 1;
      lastMs = performance.now();
    } else if (frame[0] === UNSUBSCRIBE) {
      topics.delete(topic.toString('latin1'));
    }
  }
  back.verbosity = null;
  back.receiveTimeout = -1;
  return [...topics.values()];
}

async function receiveOrTimeout(back: XPublisher): Promise<Buffer[]> {
  try {
    return await back.receive();
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error;
    // Also where it comes before its time: the loop must not spin.
    await setTimeout(1);
    return [];
  }
}

/** The message that subscribes to a topic, as an XSUB socket sends it. */
export function subscribeMessage(topic: Buffer): Buffer {
  return Buffer.concat([Buffer.of(SUBSCRIBE), topic]);
}
