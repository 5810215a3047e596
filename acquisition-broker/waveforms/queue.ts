/**
 * Replies between the socket and the store. Each is decoded before the next one is read, so that only one of many replies is held as frames
 * (thousands of Buffers; the decoded waveform has a third of their bytes). A few are written at the same time. The queue is bounded in
 * bytes: when it is full `box_pull` is not read, ZeroMQ's own queues fill, and in the end the boxes keep what they have. A reply that was
 * taken is never dropped: it waits here until the store takes it.
 */

import { retry } from '../../common/backoff.js';
import { type Clock, within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { collectYoungGarbage } from '../../daemon/young-garbage.js';
import { DecodeError, type TimeWindow, type Waveform } from '../../proto/index.js';
import type { BoxDocument } from '../../store/documents.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import { BACK_OFF, helpsToRetry } from '../../store/outbox/policy.js';
import type { BoxRecords } from '../boxes/box-records.js';
import type { WaveformBudget } from '../budget/waveform-budget.js';
import type { Notices, RequestedEvent } from '../events/requested-event.js';
import type { OpenRequest } from '../open-requests/open-request.js';
import type { OpenRequests } from '../open-requests/open-requests.js';
import { boxEventOf } from './box-event.js';
import { decodeWaveform, type ReplyLimits, type WaveformFrames } from './decode.js';
import { SampleBuffers } from './sample-buffers.js';
import { trimToWindow } from './trim.js';

/** What a frame costs besides its bytes (its Buffer object), and a cycle besides its samples (time and length), roughly. */
export const FRAME_OVERHEAD_BYTES = 256;
const CYCLE_OVERHEAD_BYTES = 16;
/** After this many bytes of frames their buffers are collected. */
const GARBAGE_BYTES = 8 * 1024 * 1024;
/** How long a write waits for new events, which go first. */
const EVENTS_FIRST_MS = 100;
/** Waveforms written at one time, and decoded before their turn comes. */
const PARALLEL_WRITES = 8;
const DECODED_AHEAD = 4;
/** A store that takes none for this long no longer sets the pace, until it takes one: replies are read until the queue is full. */
const PACE_MS = 100;

/** A reply with waveform frames. */
export interface WaveformReply extends WaveformFrames {
  request: OpenRequest;
  event: RequestedEvent;
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
  outbox: Pick<Outbox, 'put'>;
  open: OpenRequests;
  notices: Notices;
  records: BoxRecords;
  rejections: Rejections;
  budget: Pick<WaveformBudget, 'stored'>;
  clock: Clock;
  log: Logger;
  /** aborted: the store is not waited for any more */
  stopping: AbortSignal;
  limits: ReplyLimits;
  /** bytes of replies held at one time; one reply is always taken */
  limitBytes: number;
  /** a promise while an event is being stored: that goes first, since boxes' buffers are short */
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

  /** Replies held now: being decoded, waiting or being written. */
  get length(): number {
    return this.#frames.length + (this.#isDecoding ? 1 : 0) + this.#decoded.length + this.#writing.size;
  }

  /** Takes a reply, after `OpenRequests.arrived`. */
  add(reply: WaveformReply): void {
    const bytes = reply.frames.reduce((sum, frame) => sum + frame.length + FRAME_OVERHEAD_BYTES, 0);
    this.#bytes += bytes;
    this.#frames.push({ reply, bytes });
    if (!this.#isDecoding) this.#decoding = this.#decodeAll();
  }

  /** Undefined when the next reply may be read; else a promise for that. */
  capacity(): Promise<void> | undefined {
    return this.#isDecoding || this.#isAhead || this.#isFull ? this.#capacityLater() : undefined;
  }

  /** Waits until everything taken is stored, or given up because the daemon stops. */
  async drained(): Promise<void> {
    while (this.#isDecoding || this.#isHandingOn || this.#writing.size > 0) {
      await this.#decoding;
      await this.#handingOn;
      await Promise.all(this.#writing);
    }
  }

  /** Replies that would wait here wait in libzmq instead, outside the heap. */
  get #isAhead(): boolean {
    return this.#decoded.length >= DECODED_AHEAD && this.#written !== this.#stuckAt;
  }

  get #isFull(): boolean {
    return this.#bytes > this.#deps.limitBytes;
  }

  async #capacityLater(): Promise<void> {
    while (this.#isDecoding) await this.#decoding;
    if (this.#isAhead) await this.#keepPace();
    if (!this.#isFull) return;
    this.counts.timesFull += 1;
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  async #keepPace(): Promise<void> {
    const written = this.#written;
    const wasWriting = this.#writing.size > 0;
    await within(Promise.race(this.#writing), PACE_MS, this.#deps.clock);
    if (wasWriting && this.#written === written) this.#stuckAt = written;
  }

  /** Works until nothing waits. The flag is cleared in the same turn in which the queue was seen empty, so that nothing stays in it. */
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

  /** To the store, some at a time, until nothing waits; the flag is handled as above. */
  async #handOn(): Promise<void> {
    this.#isHandingOn = true;
    try {
      while (this.#decoded.length > 0) {
        await this.#eventsFirst();
        const next = this.#decoded.shift();
        if (next !== undefined) this.#write(next);
        if (this.#writing.size >= PARALLEL_WRITES) await Promise.race(this.#writing);
      }
    } finally {
      this.#isHandingOn = false;
    }
  }

  async #eventsFirst(): Promise<void> {
    const busy = this.#deps.busy();
    if (busy !== undefined) await within(busy, EVENTS_FIRST_MS, this.#deps.clock);
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
    const { limits, open, rejections } = this.#deps;
    const { boxId, event, receivedAtMs, request, window } = reply;
    if (event.has(boxId)) {
      this.counts.duplicates += 1;
      open.replied(request, boxId, false);
      return undefined;
    }
    try {
      const { dropped, touches, waveform } = trimToWindow(await decodeWaveform(reply, limits), window);
      this.counts.cyclesDropped += dropped;
      if (!touches) {
        this.counts.cyclesDropped += waveform.timesMs.length;
        this.counts.empty += 1;
        open.replied(request, boxId, true);
        return undefined;
      }
      const held = { ...waveform, samples: this.#buffers.hold(waveform.samples) };
      event.claim(boxId);
      // The whole buffer: a cycle or two would seem to take a hundredth of what they do.
      const bytes = held.samples.buffer.byteLength + CYCLE_OVERHEAD_BYTES * waveform.timesMs.length;
      return { boxId, event, request, receivedAtMs, waveform: held, bytes };
    } catch (error) {
      const reason = error instanceof DecodeError ? 'malformed_waveform' : 'waveform_not_decoded';
      rejections.count(reason, String(boxId), messageOf(error));
      open.unusable(request, boxId);
      return undefined;
    }
  }

  async #store({ boxId, event, receivedAtMs, request, waveform }: Decoded): Promise<void> {
    const { budget, clock, notices, open, outbox, rejections, stopping } = this.#deps;
    const box_id = String(boxId);
    const { samples } = waveform;
    try {
      const boxEvent = boxEventOf(event.id, box_id, waveform, await this.#record(box_id));
      const { inserted } = await outbox.put({
        kind: 'box_event',
        boxEvent,
        samples,
        acceptedAtMs: receivedAtMs,
      });
      if (inserted > 0) {
        this.counts.stored += 1;
        this.counts.samples += samples.length;
        if (request.everyone || request.ask(boxId) !== undefined) budget.stored(boxId, samples.byteLength);
        this.#stored((clock.now() - request.acceptedAtMs) / 1000);
      } else this.counts.duplicates += 1;
      notices.waveformStored(event);
      open.replied(request, boxId, false);
    } catch (error) {
      event.release(boxId);
      // Stopping while the store is unavailable: the request stays open in the store and is asked again by the next broker.
      if (stopping.aborted) return;
      rejections.count('waveform_not_stored', box_id, messageOf(error));
      open.replied(request, boxId, false);
    }
  }

  /** Location and calibration belong to the document: they are waited for like the store itself. */
  #record(boxId: string): Promise<BoxDocument | undefined> {
    const { clock, log, records, stopping } = this.#deps;
    return retry(() => records.of(boxId), {
      ...BACK_OFF,
      ...{ what: `the record of box ${boxId}`, clock, log, signal: stopping },
      helps: (error, failures) => helpsToRetry('while_unavailable', error, failures),
    });
  }
}
