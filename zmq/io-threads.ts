/**
 * libzmq's threads, which read and decrypt. A single one takes turns between all boxes that reply at the same time, and a reply is handed on
 * only when its last frame is in: nothing would be decoded or stored before nearly everything is decrypted. So replies have threads of
 * their own; libzmq gives each new connection to the thread that has the fewest.
 */
import { context } from 'zeromq';

/** Bit masks, as a socket's `affinity` takes them. */
export interface IoThreads {
  replies: number;
  others: number;
}

/** Decoding and storing have a core's work too, so more threads than this are never busy. */
const MAX_FOR_REPLIES = 4;

/** Call it before any socket is opened: later it has no effect, and a socket with these masks could not be bound. */
export function assignIoThreads(cores: number): IoThreads {
  const forReplies = Math.max(1, Math.min(cores, MAX_FOR_REPLIES));
  context.ioThreads = 1 + forReplies;
  return { others: 1, replies: 2 * (2 ** forReplies - 1) };
}
