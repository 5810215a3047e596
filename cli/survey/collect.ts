/** Asks one box for minutes of waveform as time passes, in windows that overlap: a Box 3 keeps as little as 50 s. */
import { randomUUID } from 'node:crypto';
import { pause, poll, systemClock } from '../../common/clock.js';
import { askForEvent, type EventClientOptions, isEventOf } from '../../daemon/event-client.js';
import type { WaveformPart } from '../../reports/survey/join.js';
import { askedBoxes } from '../../store/boxes.js';
import type { EventReader } from '../../store/store.js';
import { refusalLines } from '../refused-boxes.js';

/** Windows are so long and so far apart: two seconds are in two of them. */
const WINDOW_MS = 20_000;
const OVERLAP_MS = 2_000;
/** After a window's end its cycles are in the box's buffer. */
const SETTLED_MS = 1_500;
/** A box that has not replied by then is asked once more, while it still has the cycles. */
const REPLY_MS = 10_000;
const NUMBER_MS = 10_000;
const LOOK_EVERY_MS = 250;
const SECOND_TRY = 2;

export interface CollectOptions {
  boxId: string;
  /** of waveform */
  seconds: number;
  /** longest window that the broker takes, ms */
  maxWindowMs: number;
  store: EventReader;
  client: Omit<EventClientOptions, 'isOurs' | 'timeoutMs'>;
  /** after each window */
  onWindow(progress: { done: number; windows: number; received: boolean }): void;
}

/** Windows of a survey that begins at `startMs`. */
export function surveyWindows(
  startMs: number,
  seconds: number,
  maxWindowMs: number,
): { startMs: number; endMs: number }[] {
  const length = Math.min(WINDOW_MS, maxWindowMs);
  const step = Math.max(1000, length - OVERLAP_MS);
  const endMs = startMs + 1000 * seconds;
  const windows = [];
  for (let at = startMs; at === startMs || at + OVERLAP_MS < endMs; at += step)
    windows.push({ startMs: at, endMs: Math.min(at + length, endMs) });
  return windows;
}

export interface Collected {
  parts: WaveformPart[];
  eventIds: number[];
  /** why the broker asked the box for no more: the windows after that were not requested. Undefined: all were */
  refusal: string | undefined;
}

/** @throws MakaiError TIMEOUT when the acquisition broker does not reply; what the store says */
export async function collect(options: CollectOptions): Promise<Collected> {
  const windows = surveyWindows(Date.now(), options.seconds, options.maxWindowMs);
  const parts: WaveformPart[] = [];
  const eventIds: number[] = [];
  const run = randomUUID();
  for (const [i, window] of windows.entries()) {
    await pause(systemClock, window.endMs + SETTLED_MS - Date.now());
    let part: WaveformPart | undefined;
    for (let attempt = 1; attempt <= SECOND_TRY && part === undefined; attempt += 1) {
      const description = `makai survey ${run}, window ${i + 1} of ${windows.length}, try ${attempt}`;
      const eventId = await ask(options, window, description);
      eventIds.push(eventId);
      const { refusal, part: found } = await reply(options, eventId);
      if (refusal !== undefined) return { parts, eventIds, refusal };
      part = found;
    }
    if (part !== undefined) parts.push(part);
    options.onWindow({ done: i + 1, windows: windows.length, received: part !== undefined });
  }
  return { parts, eventIds, refusal: undefined };
}

function ask(
  { boxId, client, store }: CollectOptions,
  { endMs, startMs }: { startMs: number; endMs: number },
  description: string,
): Promise<number> {
  const message = {
    startMs,
    endMs,
    triggerType: 'OTHER' as const,
    percentMagnitude: 0,
    boxIds: [Number(boxId)],
    requestee: 'makai survey',
    description,
    requestData: true,
  };
  const isOurs = async (id: number): Promise<boolean> => isEventOf(await store.event(id), message);
  return askForEvent(message, { ...client, isOurs, timeoutMs: NUMBER_MS });
}

interface Reply {
  part?: WaveformPart;
  /** why the box was not asked */
  refusal?: string;
}

async function reply({ boxId, store }: CollectOptions, eventId: number): Promise<Reply> {
  const look = async (): Promise<Reply> => {
    const found = (await store.boxEvents(eventId)).find(({ box_id }) => box_id === boxId);
    const bytes = found && (await store.waveform(found.data_fs_filename));
    if (found === undefined || bytes === undefined || bytes.length === 0) {
      const event = await store.event(eventId);
      if (event === undefined || askedBoxes(event).includes(boxId)) return {};
      return { refusal: refusalLines(event).join('; ') || `box ${boxId} was not asked` };
    }
    // A copy lies where an array of 16 bits may begin.
    const samples = new Int16Array(Uint8Array.from(bytes).buffer, 0, bytes.length >> 1);
    return { part: { timestampsMs: found.window_timestamps_ms, samples } };
  };
  const until = { clock: systemClock, everyMs: LOOK_EVERY_MS, ms: REPLY_MS };
  return poll(look, ({ part, refusal }) => part !== undefined || refusal !== undefined, until);
}
