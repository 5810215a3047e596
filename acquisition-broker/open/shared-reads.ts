/**
 * READs on their way to the Box 2s. All of them hear and answer each one, so n events with a READ each would have n boxes send n times n
 * waveforms (a sag of the whole grid, where `threshold` asks for an event a box). So only a few READs go out at once; those that are due
 * then wait for up to 100 ms (a box looks for requests every 500 ms) and go together: one READ for all whose windows overlap, under the
 * number of the first event and for the window that holds theirs. An answer belongs to each of these events that asked that box; it is cut to the window
 * of each like any answer.
 */

import type { Clock } from '../../common/clock.js';
import type { Presence } from '../boxes/presence.js';
import type { BoxSender, TimeWindow } from '../boxes/sender.js';
import type { OpenRequest, SharedRead } from './request.js';

/** READs sent at once, each as it is asked for, and ms from one to the next in the long run. */
export const READS_AT_ONCE = 4;
export const GATHER_MS = 100;
/** Windows of READs remembered under one number: those of its retries. The oldest is forgotten. */
const REMEMBERED = 16;

export interface SharedReadsOptions {
  clock: Clock;
  sender: Pick<BoxSender, 'read'>;
  presence: Presence;
  /** longest window that is asked for, ms */
  maxWindowMs: number;
}

/** A request with what a READ needs. */
interface Reader {
  request: OpenRequest;
  eventId: number;
  window: TimeWindow;
}

export class SharedReads {
  readonly #options: SharedReadsOptions;
  readonly #due = new Map<OpenRequest, Reader>();
  /** READs that may go at once, as of a time of clock.monotonic() */
  #mayGo = READS_AT_ONCE;
  #countedAt: number;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: SharedReadsOptions) {
    this.#options = options;
    this.#countedAt = options.clock.monotonic();
  }

  /** Sends a READ for a request, at once or within 100 ms. One without event or window has none. */
  send(request: OpenRequest): void {
    const { event, window } = request;
    if (event === undefined || window === undefined || this.#stopped) return;
    this.#due.set(request, { request, window, eventId: event.event.event_id });
    if (this.#cancel !== undefined) return;
    this.#count();
    if (this.#mayGo >= 1) this.#sendAll();
    else this.#cancel = this.#options.clock.after((1 - this.#mayGo) * GATHER_MS, () => this.#sendAll());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#due.clear();
  }

  #count(): void {
    const now = this.#options.clock.monotonic();
    this.#mayGo = Math.min(READS_AT_ONCE, this.#mayGo + (now - this.#countedAt) / GATHER_MS);
    this.#countedAt = now;
  }

  #sendAll(): void {
    this.#cancel = undefined;
    this.#count();
    const due = [...this.#due.values()].filter(({ request }) => request.closedAt === undefined);
    this.#due.clear();
    for (const readers of overlapping(due, this.#options.maxWindowMs)) this.#sendOne(readers);
  }

  #sendOne(readers: readonly Reader[]): void {
    const { clock, presence, sender } = this.#options;
    let [lead] = readers;
    if (lead === undefined) return;
    const window = { ...lead.window };
    for (const reader of readers) {
      if (reader.eventId < lead.eventId) lead = reader;
      window.startMs = Math.min(window.startMs, reader.window.startMs);
      window.endMs = Math.max(window.endMs, reader.window.endMs);
    }
    if (readers.length > 1) {
      lead.request.sharedReads.push(sharedRead(window, readers));
      if (lead.request.sharedReads.length > REMEMBERED) lead.request.sharedReads.shift();
    }
    this.#mayGo = Math.max(0, this.#mayGo - 1);
    const now = clock.monotonic();
    for (const { request } of readers) {
      request.readAt = now;
      request.readAudience = presence.box2Connections;
    }
    presence.broadcast();
    sender.read(lead.eventId, window);
  }
}

/** Groups whose windows overlap, each within a window that may be asked for. */
function overlapping(readers: readonly Reader[], maxWindowMs: number): Reader[][] {
  const groups: Reader[][] = [];
  let group: Reader[] = [];
  let startMs = 0;
  let endMs = 0;
  for (const reader of [...readers].sort((a, b) => a.window.startMs - b.window.startMs)) {
    const end = Math.max(endMs, reader.window.endMs);
    if (group.length > 0 && reader.window.startMs <= endMs && end - startMs <= maxWindowMs) {
      group.push(reader);
      endMs = end;
    } else {
      group = [reader];
      groups.push(group);
      ({ startMs, endMs } = reader.window);
    }
  }
  return groups;
}

/**
 * The requests that an answer to a READ of this request's number belongs to; undefined when no READ of that number had this window. An
 * answer of a box that none of them asked belongs to this one: every Box 2 hears a READ, and what it sends is kept.
 */
export function readersOf(lead: OpenRequest, window: TimeWindow, boxId: number): OpenRequest[] | undefined {
  const isIt = (other: TimeWindow | undefined): boolean =>
    other !== undefined && other.startMs === window.startMs && other.endMs === window.endMs;
  const shared = lead.sharedReads.filter((one) => isIt(one.window));
  const isOwn = isIt(lead.window);
  if (shared.length === 0 && !isOwn) return undefined;
  const asked = new Set<OpenRequest>();
  if (isOwn && (lead.everyone || lead.asks.has(boxId))) asked.add(lead);
  for (const { byBox, everyone } of shared) {
    for (const request of byBox.get(boxId) ?? []) asked.add(request);
    for (const request of everyone) asked.add(request);
  }
  return asked.size > 0 ? [...asked] : [lead];
}

function sharedRead(window: TimeWindow, readers: readonly Reader[]): SharedRead {
  const byBox = new Map<number, OpenRequest[]>();
  const everyone: OpenRequest[] = [];
  for (const { request } of readers) {
    if (request.everyone) everyone.push(request);
    else {
      for (const boxId of request.asks.keys()) {
        const requests = byBox.get(boxId);
        if (requests === undefined) byBox.set(boxId, [request]);
        else requests.push(request);
      }
    }
  }
  return { window, byBox, everyone };
}
