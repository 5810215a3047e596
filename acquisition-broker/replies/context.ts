/** What the handlers of answers work with. */

import type { Clock } from '../../common/clock.js';
import type { Presence } from '../boxes/presence.js';
import type { RequestBook } from '../open/book.js';
import type { WaveformQueue } from '../waveforms/queue.js';

export interface ReplyContext {
  clock: Clock;
  presence: Presence;
  book: RequestBook;
  queue: WaveformQueue;
  /** publishes `[identity, frames...]` on `backend_pub` */
  route(identity: string, frames: readonly Uint8Array[]): void;
  counts: ReplyCounts;
}

export interface ReplyCounts {
  received: number;
  pong: number;
  error: number;
  resp: number;
  response: number;
  routed: number;
}

/** Why an answer is dropped: a fixed word, and what it was about. */
export interface Dropped {
  reason: string;
  about?: string;
}
