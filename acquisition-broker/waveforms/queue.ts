/**
 * Answers between the socket and the store. Each is decoded before the next one is read, so that of a wave of answers no more than one is
 * held as frames (a Buffer each, thousands of them: they die young, and the waveform is a third of their bytes). A few are written at a
 * time. The queue is bounded in bytes: when it is full nobody reads `box_pull`, ZeroMQ's own queues fill, and in the end the boxes keep
 * what they have. An answer that was taken is never dropped: while the store does not take it, it waits here.
 */

import { within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import { collectYoungGarbage } from '../../daemon/young-garbage.js';
import { DecodeError, type Proto } from '../../proto/codec.js';
import type { Waveform } from '../../proto/messages.js';
import type { BoxEventDocument, Store } from '../../store/store.js';
import type { Locations } from '../boxes/locations.js';
import type { TimeWindow } from '../boxes/sender.js';
import type { Notices } from '../events/notices.js';
import { type Patience, untilDone } from '../events/patience.js';
import type { RequestBook } from '../open/book.js';
import type { AskedEvent, OpenRequest } from '../open/request.js';
import { CYCLE_MS, cutToWindow } from './cut.js';
import { decodeWaveform, type ReplyLimits, type WaveformFrames } from './decode.js';
import { SampleBuffers } from './sample-buffers.js';

/** What a frame costs besides its bytes (its Buffer object), and a cycle besides its samples (time and length), roughly. */
const FRAME_OVERHEAD_BYTES = 256;
const CYCLE_OVERHEAD_BYTES = 16;
/** After so many bytes of frames their buffers are let go at once. */
const GARBAGE_BYTES = 8 * 1024 * 1024;
/** How long a write gives way to new events. */
const GIVE_WAY_MS = 100;
/** Waveforms written at one time, and decoded before their turn comes. */
const WRITES_AT_ONCE = 8;
const DECODED_AHEAD = 4;
/** A store that has not taken one for so long sets the pace no more until it takes one: answers are read until too much is held. */
const PACE_MS = 100;

/** An answer with waveform frames. */
export interface WaveformReply extends WaveformFrames {
  request: OpenRequest;
  event: AskedEvent;
  window: TimeWindow;
  /** Unix ms when it arrived */
  receivedAtMs: number;
}

/** One that is decoded. The frames are not kept. */
interface Decoded extends Omit<WaveformReply, keyof WaveformFrames | 'window'> {
  boxId: number;
  waveform: Waveform;
  bytes: number;
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
  readonly #frames: { reply: WaveformReply; bytes: number }[] = [];
  #isDecoding = false;
  #garbageBytes = 0;
  readonly #buffers = new SampleBuffers();
  #decoding: Promise<void> = Promise.resolve();
  readonly #decoded: Decoded[] = [];
  #isHandingOn = false;
  #handingOn: Promise<void> = Promise.resolve();
  readonly #writing = new Set<Promise<void>>();
  /** writes that ended, and how many had when the store was last seen to take none */
  #written = 0;
  #stuckAt = -1;
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

  /** Answers held now: being decoded, waiting or being written. */
  get length(): number {
    return this.#frames.length + (this.#isDecoding ? 1 : 0) + this.#decoded.length + this.#writing.size;
  }

  /** Takes an answer. Its request must have been told `arrived`. */
  add(reply: WaveformReply): void {
    const bytes = reply.frames.reduce((sum, frame) => sum + frame.length + FRAME_OVERHEAD_BYTES, 0);
    this.#bytes += bytes;
    this.#frames.push({ reply, bytes });
    if (!this.#isDecoding) this.#decoding = this.#decodeAll();
  }

  /** Undefined when the next answer may be read; else a promise for that. */
  room(): Promise<void> | undefined {
    return this.#isDecoding || this.#isAhead || this.#isFull ? this.#roomLater() : undefined;
  }

  /** Waits until everything taken is stored, or given up because the daemon stops. */
  async drained(): Promise<void> {
    while (this.#isDecoding || this.#isHandingOn || this.#writing.size > 0) {
      await this.#decoding;
      await this.#handingOn;
      await Promise.all(this.#writing);
    }
  }

  /** Answers that would wait here wait with libzmq instead, where they are no garbage to collect. */
  get #isAhead(): boolean {
    return this.#decoded.length >= DECODED_AHEAD && this.#written !== this.#stuckAt;
  }

  get #isFull(): boolean {
    return this.#bytes > this.#deps.limitBytes;
  }

  async #roomLater(): Promise<void> {
    while (this.#isDecoding) await this.#decoding;
    if (this.#isAhead) await this.#keepPace();
    if (!this.#isFull) return;
    this.counts.timesFull += 1;
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  async #keepPace(): Promise<void> {
    const written = this.#written;
    const wasWriting = this.#writing.size > 0;
    await within(Promise.race(this.#writing), PACE_MS, this.#deps.patience.clock);
    if (wasWriting && this.#written === written) this.#stuckAt = written;
  }

  /** Works until nothing waits. The flag falls in the same turn in which that was seen, so that nothing is left lying. */
  async #decodeAll(): Promise<void> {
    this.#isDecoding = true;
    try {
      for (let next = this.#frames.shift(); next !== undefined; next = this.#frames.shift()) {
        const { bytes, reply } = next;
        const decoded = await this.#decode(reply);
        if (decoded === undefined) this.#release(bytes);
        else {
          this.#decoded.push(decoded);
          this.#release(bytes - decoded.bytes);
          if (!this.#isHandingOn) this.#handingOn = this.#handOn();
        }
        this.#garbageBytes += bytes;
        if (this.#garbageBytes < GARBAGE_BYTES) continue;
        this.#garbageBytes = 0;
        collectYoungGarbage();
      }
    } finally {
      this.#isDecoding = false;
    }
  }

  /** To the store, some at a time, until nothing waits; the flag as above. */
  async #handOn(): Promise<void> {
    this.#isHandingOn = true;
    try {
      while (this.#decoded.length > 0) {
        await this.#giveWay();
        const next = this.#decoded.shift();
        if (next !== undefined) this.#write(next);
        if (this.#writing.size >= WRITES_AT_ONCE) await Promise.race(this.#writing);
      }
    } finally {
      this.#isHandingOn = false;
    }
  }

  async #giveWay(): Promise<void> {
    const busy = this.#deps.busy();
    if (busy !== undefined) await within(busy, GIVE_WAY_MS, this.#deps.patience.clock);
  }

  #write(decoded: Decoded): void {
    const writing = this.#store(decoded).finally(() => {
      this.#writing.delete(writing);
      this.#written += 1;
      this.#buffers.release(decoded.waveform.samples);
      this.#release(decoded.bytes);
    });
    this.#writing.add(writing);
  }

  #release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#isFull) return;
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  /** @returns undefined when there is nothing to store */
  async #decode(reply: WaveformReply): Promise<Decoded | undefined> {
    const { book, limits, proto, rejections } = this.#deps;
    const { boxId, event, receivedAtMs, request, window } = reply;
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
      const held = { ...waveform, samples: this.#buffers.hold(waveform.samples) };
      event.taken.add(boxId);
      // The whole buffer: a cycle or two would seem to take a hundredth of what they do.
      const bytes = held.samples.buffer.byteLength + CYCLE_OVERHEAD_BYTES * waveform.timesMs.length;
      return { boxId, event, request, receivedAtMs, waveform: held, bytes };
    } catch (error) {
      const reason = error instanceof DecodeError ? 'malformed_waveform' : 'waveform_not_decoded';
      rejections.count(reason, String(boxId), messageOf(error));
      book.unusable(request, boxId);
      return undefined;
    }
  }

  async #store({ boxId, event, receivedAtMs, request, waveform }: Decoded): Promise<void> {
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
