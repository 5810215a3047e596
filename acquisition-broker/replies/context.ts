/** What the handlers of answers work with. */
import type { Rejections } from '../../common/rejections.js';
import type { Presence } from '../boxes/presence.js';
import type { Clock } from '../clock.js';
import type { RequestBook } from '../open/book.js';
import type { WaveformQueue } from '../waveforms/queue.js';

export interface ReplyContext {
  clock: Clock;
  rejections: Rejections;
  presence: Presence;
  book: RequestBook;
  queue: WaveformQueue;
  /** whether a certificate names this box; true for all when everyone is let in */
  isKnown(boxId: number): boolean;
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
