/**
 * libzmq's threads, which read and decrypt. A single one goes round all boxes that answer at once, and an answer is handed on only when its
 * last frame is in: nothing would be decoded or stored before nearly everything is decrypted. So the answers have threads of their own;
 * libzmq gives each new connection to the one that has fewest.
 */
import { context } from 'zeromq';

/** Bit masks, as a socket's `affinity` takes them. */
export interface IoThreads {
  answers: number;
  others: number;
}

/** Decoding and storing have a core's work too, so more threads than this are never busy. */
const MOST_FOR_ANSWERS = 4;

/** For a program that has opened no socket yet: later it has no effect, and a socket with these masks could not be bound. */
export function shareOutIoThreads(cores: number): IoThreads {
  const forAnswers = Math.max(1, Math.min(cores, MOST_FOR_ANSWERS));
  context.ioThreads = 1 + forAnswers;
  return { others: 1, answers: 2 * (2 ** forAnswers - 1) };
}
