/**
 * Replays measurements that were recorded as values (volts and hertz, no waveform) as the stream of the boxes that sent them. For tests of
 * everything behind the triggering broker. Such boxes do not reply to commands.
 */
import { systemClock as machineClock, pause } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import { type KeyPair, newKeyPair } from '../keys/key.js';
import type { MetricValues } from '../proto/index.js';
import { connectTo } from '../zmq/connect.js';
import { boxLike, type Context, type XPublisher } from '../zmq/sockets.js';
import { type Clock, systemClock } from './clock.js';
import type { Frames, ReplayRow } from './frames.js';
import { GENERATIONS, type Generation } from './generations.js';
import { curveClient } from './sockets.js';
import { firstSubscription } from './subscribers.js';

export type { ReplayRow };

export interface ReplayOptions {
  rows: readonly ReplayRow[];
  /** protocol of the boxes; a TriggerMessage always has f and rms, so missing ones are sent as 0 */
  dialect: Generation;
  /** `interface` of the triggering broker */
  endpoint: string;
  /** the server's public key, Z85 */
  serverPublicKey: string;
  /** keys of a box; without it, or if it returns none, a new key pair */
  keysFor?(boxId: number): KeyPair | undefined;
  /** ms added to every time, so that an old recording appears current */
  offsetMs?: number;
  /** `clock`: each row when the clock reaches its time; `unpaced`: as fast as the sockets accept them */
  pace?: 'clock' | 'unpaced';
  clock?: Clock;
  context?: Context;
}

export interface Replay extends Running {
  /** Resolves when every row has been passed to the sockets. */
  readonly done: Promise<void>;
  /** rows sent so far */
  readonly sent: number;
  /** @param lingerMs how long queued messages may still be sent */
  stop(lingerMs?: number): Promise<void>;
}

/** Rows between two pauses, so that a burst does not exceed libzmq's queue of 1000. */
const BATCH = 200;
const BATCH_PAUSE_MS = 10;

/** Connects a socket for each box of the rows, waits until each one has a subscriber, and sends the rows in order of time. */
export function startReplay(options: ReplayOptions): Replay {
  const { rows, offsetMs = 0, pace = 'clock', clock = systemClock() } = options;
  const sockets = new Map<number, XPublisher>();
  for (const { boxId } of rows) {
    if (!sockets.has(boxId)) sockets.set(boxId, openSocket(options, boxId));
  }
  let sent = 0;
  let running = true;
  let wake: (() => void) | undefined;
  const until = (timeMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.at(timeMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  const play = async (): Promise<void> => {
    await Promise.all([...sockets.values()].map((socket) => firstSubscription(socket)));
    for (const row of [...rows].sort((a, b) => a.timeMs - b.timeMs)) {
      if (pace === 'clock') await until(row.timeMs + offsetMs);
      else if (sent % BATCH === BATCH - 1) await pause(machineClock, BATCH_PAUSE_MS);
      if (!running) return;
      await sockets.get(row.boxId)?.send(framesOf(row, options.dialect, offsetMs));
      sent += 1;
    }
  };
  const done = play().catch((error: unknown) => {
    if (running || codeOf(error) === undefined) throw error;
  });
  return {
    done,
    get sent() {
      return sent;
    },
    async stop(lingerMs = 0) {
      running = false;
      wake?.();
      for (const socket of sockets.values()) {
        if (socket.closed) continue;
        socket.linger = lingerMs;
        socket.close();
      }
    },
  };
}

function openSocket(options: ReplayOptions, boxId: number): XPublisher {
  const keys = options.keysFor?.(boxId) ?? newKeyPair();
  const socket = boxLike.xPublisher({
    ...curveClient(options.serverPublicKey, keys),
    ...(options.context !== undefined && { context: options.context }),
  });
  connectTo(socket, options.endpoint);
  return socket;
}

/** The frames a box of this dialect sends for a row. */
export function framesOf(row: ReplayRow, dialect: Generation, offsetMs = 0): Frames {
  return GENERATIONS[dialect].replay(row, Math.round(row.timeMs + offsetMs));
}

/** One value as min, max and average. */
export function single(value: number): MetricValues {
  return { min: value, max: value, average: value };
}
