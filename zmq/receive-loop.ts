/** Reads a socket until it is closed. Nothing a peer sends ends the loop, and no flood keeps other work from its turn. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Clock, pause } from '../common/clock.js';
import { codeOf, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { receiveMessage } from './receive.js';

/** After so many messages or bytes in a row other work gets its turn. */
const MESSAGES_IN_A_ROW = 64;
const BYTES_IN_A_ROW = 1024 * 1024;
const AFTER_ERROR_MS = 100;

interface Readable {
  readonly closed: boolean;
  receive(): Promise<Buffer[]>;
}

export interface ReceiveLoopOptions {
  /** for the log */
  name: string;
  socket: Readable;
  clock: Clock;
  log: Logger;
  handle(frames: Buffer[]): void | Promise<void>;
  /** asked before each message: a promise makes the loop wait, and ZeroMQ's queues fill meanwhile */
  room?(): Promise<void> | undefined;
}

/** Runs until the socket is closed. Never rejects. */
export async function receiveLoop(options: ReceiveLoopOptions): Promise<void> {
  const { clock, handle, log, name, room, socket } = options;
  let messages = 0;
  let bytes = 0;
  while (!socket.closed) {
    try {
      await room?.();
      if (socket.closed) return;
      const frames = await receiveMessage(socket);
      if (frames === undefined) continue;
      await handle(frames);
      messages += 1;
      for (const frame of frames) bytes += frame.length;
    } catch (error) {
      if (socket.closed) return;
      // A mistake of ours: told, and the next message is read.
      log.error(
        { socket: name, code: codeOf(error), err: error, detail: messageOf(error) },
        'message not handled',
      );
      await pause(clock, AFTER_ERROR_MS);
    }
    if (messages < MESSAGES_IN_A_ROW && bytes < BYTES_IN_A_ROW) continue;
    messages = 0;
    bytes = 0;
    await breathe();
  }
}
