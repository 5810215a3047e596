/**
 * Answers between the socket and the store. One is decoded at a time, a few are written at a time. The queue is bounded in bytes:
 * when it is full nobody reads `box_pull`, ZeroMQ's own queues fill, and in the end the boxes keep what they have. An answer that
 * was taken is never dropped: while the store does not take it, it waits here.
 */

import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import { DecodeError, type Proto } from '../../proto/codec.js';
import type { Waveform } from '../../proto/messages.js';
import type { BoxEventDocument, Store } from '../../store/store.js';
import type { Locations } from '../boxes/locations.js';
import type { TimeWindow } from '../boxes/sender.js';
import { within } from '../clock.js';
import type { Notices } from '../events/notices.js';
import { type Patience, untilDone } from '../events/patience.js';
import type { RequestBook } from '../open/book.js';
import type { AskedEvent, OpenRequest } from '../open/request.js';
import { CYCLE_MS, cutToWindow } from './cut.js';
import { decodeWaveform, type ReplyLimits, type WaveformFrames } from './decode.js';

/** What a frame costs besides its bytes (its Buffer object), roughly. */
const FRAME_OVERHEAD_BYTES = 256;
/** How long an answer gives way to new events. */
const GIVE_WAY_MS = 100;
/** Waveforms written at one time. */
const WRITES_AT_ONCE = 4;

/** An answer with waveform frames. */
export interface WaveformReply extends WaveformFrames {
  request: OpenRequest;
  event: AskedEvent;
  window: TimeWindow;
  /** Unix ms when it arrived */
  receivedAtMs: number;
}

export interface QueueDeps {
  proto: Proto;
  store: Store;
  book: RequestBook;
  notices: Notices;
  locations: Locations;
  rejections: Rejections;
  patience: Patience;
  limits: ReplyLimits;
  /** bytes of answers held at one time; one answer is always taken */
  limitBytes: number;
  /** a promise while an event is being numbered: that goes first, since boxes' buffers are short */
  busy(): Promise<void> | undefined;
}

export class WaveformQueue {
  readonly #deps: QueueDeps;
  readonly #waiting: { reply: WaveformReply; bytes: number }[] = [];
  #isDecoding = false;
  #decoding: Promise<void> = Promise.resolve();
  readonly #writing = new Set<Promise<void>>();
  #bytes = 0;
  #wake: (() => void)[] = [];
  readonly counts = { stored: 0, duplicates: 0, empty: 0, samples: 0, cyclesDropped: 0, timesFull: 0 };
  #stored: (seconds: number) => void = () => undefined;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  /** @param listener called for each waveform stored, with the time since its request was accepted */
  onStored(listener: (seconds: number) => void): void {
    this.#stored = listener;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Answers held now, waiting or being written. */
  get length(): number {
    return this.#waiting.length + this.#writing.size + (this.#isDecoding ? 1 : 0);
  }

  /** Takes an answer. Its request must have been told `arrived`. */
  add(reply: WaveformReply): void {
    const bytes = reply.frames.reduce((sum, frame) => sum + frame.length + FRAME_OVERHEAD_BYTES, 0);
    this.#bytes += bytes;
    this.#waiting.push({ reply, bytes });
    if (!this.#isDecoding) this.#decoding = this.#decodeAll();
  }

  /** Undefined while there is room; else a promise for room. */
  room(): Promise<void> | undefined {
    if (this.#bytes <= this.#deps.limitBytes) return undefined;
    this.counts.timesFull += 1;
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  /** Waits until everything taken is stored, or given up because the daemon stops. */
  async drained(): Promise<void> {
    while (this.#isDecoding || this.#writing.size > 0) {
      await this.#decoding;
      await Promise.all(this.#writing);
    }
  }

  /** Works until nothing waits. The flag falls in the same turn in which that was seen, so that nothing is left lying. */
  async #decodeAll(): Promise<void> {
    this.#isDecoding = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { bytes, reply } = next;
        await this.#giveWay();
        const write = await this.#take(reply);
        if (write === undefined) this.#release(bytes);
        else await this.#write(write, bytes);
      }
    } finally {
      this.#isDecoding = false;
    }
  }

  async #giveWay(): Promise<void> {
    const busy = this.#deps.busy();
    if (busy !== undefined) await within(busy, GIVE_WAY_MS, this.#deps.patience.clock);
  }

  /** Begins to write; fulfilled when another one may be begun. */
  async #write(write: () => Promise<void>, bytes: number): Promise<void> {
    const writing = write().finally(() => {
      this.#writing.delete(writing);
      this.#release(bytes);
    });
    this.#writing.add(writing);
    if (this.#writing.size >= WRITES_AT_ONCE) await Promise.race(this.#writing);
  }

  #release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes > this.#deps.limitBytes) return;
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  /** Decodes an answer. @returns what is left to do to store it; undefined when there is nothing to store */
  async #take(reply: WaveformReply): Promise<(() => Promise<void>) | undefined> {
    const { book, limits, proto, rejections } = this.#deps;
    const { boxId, event, request, window } = reply;
    if (event.taken.has(boxId)) {
      this.counts.duplicates += 1;
      book.answered(request, boxId, false);
      return undefined;
    }
    try {
      const { dropped, touches, waveform } = cutToWindow(await decodeWaveform(proto, reply, limits), window);
      this.counts.cyclesDropped += dropped;
      if (!touches) {
        this.counts.cyclesDropped += waveform.timesMs.length;
        this.counts.empty += 1;
        book.answered(request, boxId, true);
        return undefined;
      }
      event.taken.add(boxId);
      return () => this.#store(reply, waveform);
    } catch (error) {
      const reason = error instanceof DecodeError ? 'malformed_waveform' : 'waveform_not_decoded';
      rejections.count(reason, String(boxId), messageOf(error));
      book.unusable(request, boxId);
      return undefined;
    }
  }

  async #store({ boxId, event, receivedAtMs, request }: WaveformReply, waveform: Waveform): Promise<void> {
    const { book, locations, notices, patience, rejections, store } = this.#deps;
    const { event_id } = event.event;
    const box_id = String(boxId);
    const { samples, timesMs } = waveform;
    const write = async (): Promise<'stored' | 'duplicate'> => {
      const document: BoxEventDocument = {
        event_id,
        box_id,
        event_start_timestamp_ms: timesMs[0] ?? 0,
        event_end_timestamp_ms: (timesMs.at(-1) ?? 0) + CYCLE_MS,
        window_timestamps_ms: timesMs,
        location: await locations.of(box_id),
        data_fs_filename: `event_${event_id}_${box_id}`,
      };
      return store.putBoxEvent(document, samples, receivedAtMs);
    };
    try {
      const result = await untilDone(write, `waveform of box ${box_id}, event ${event_id}`, patience);
      if (result === 'stored') {
        this.counts.stored += 1;
        this.counts.samples += samples.length;
        this.#stored((patience.clock.now() - request.acceptedAtMs) / 1000);
      } else this.counts.duplicates += 1;
      notices.waveformStored(event);
      book.answered(request, boxId, false);
    } catch (error) {
      event.taken.delete(boxId);
      // Stopping while the store is away: the request stays open in the store and is asked again by the next broker.
      if (patience.stopping.aborted) return;
      rejections.count('waveform_not_stored', box_id, messageOf(error));
      book.answered(request, boxId, false);
    }
  }
}
