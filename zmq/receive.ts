/** Receiving: one message, or all until the socket is closed. */

import { type Clock, pause } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { yieldToEventLoop } from '../common/yield.js';

export interface Readable {
  receive(): Promise<Buffer[]>;
}

/**
 * The next message; undefined when there was none after all. libzmq may signal a socket as readable and then have nothing (a peer that
 * was disconnected in the middle of a multipart message): zeromq.js passes that on as EAGAIN, although no time limit was set. A `for await`
 * over the socket would end there.
 * @throws zeromq's error when the socket is closed or broken
 */
export async function receiveMessage(socket: Readable): Promise<Buffer[] | undefined> {
  try {
    return await socket.receive();
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

/** After this many messages or bytes in a row other work gets its turn. */
const MESSAGES_IN_A_ROW = 64;
const BYTES_IN_A_ROW = 1024 * 1024;
const AFTER_ERROR_MS = 100;

export interface ReceiveLoopOptions {
  /** for the log */
  name: string;
  socket: Readable & { readonly closed: boolean };
  clock: Clock;
  log: Logger;
  handle(frames: Buffer[]): void | Promise<void>;
  /** asked before each message: a promise makes the loop wait, and ZeroMQ's queues fill meanwhile */
  capacity?(): Promise<void> | undefined;
}

/** Reads until the socket is closed. Nothing a peer sends ends the loop, and no flood keeps other work from its turn. Never rejects. */
export async function receiveLoop(options: ReceiveLoopOptions): Promise<void> {
  const { capacity, clock, handle, log, name, socket } = options;
  let messages = 0;
  let bytes = 0;
  while (!socket.closed) {
    try {
      await capacity?.();
      if (socket.closed) return;
      const frames = await receiveMessage(socket);
      if (frames === undefined) continue;
      await handle(frames);
      messages += 1;
      for (const frame of frames) bytes += frame.length;
    } catch (error) {
      if (socket.closed) return;
      // A mistake of ours: logged, and the next message is read.
      log.error({ socket: name, err: error }, 'message not handled');
      await pause(clock, AFTER_ERROR_MS);
    }
    if (messages < MESSAGES_IN_A_ROW && bytes < BYTES_IN_A_ROW) continue;
    messages = 0;
    bytes = 0;
    await yieldToEventLoop();
  }
}
