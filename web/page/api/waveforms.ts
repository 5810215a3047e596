/**
 * The waveform of one box, as fine as the screen needs: the whole one in min/max bands first (or all samples where they are few), then the part that is shown, with
 * something on each side, when the zoom asks for more.
 */
import { useEffect, useState } from 'preact/hooks';
import type { BoxEvent } from '../../../web-service/api/index.js';
import { isFineEnough, partToLoad } from '../../logic/detail.js';
import type { Range } from '../../logic/range.js';
import { readWaveform, type Waveform } from '../../logic/waveform.js';
import { getBytes } from './client.js';
import { Limiter } from './limiter.js';
import { type Loaded, useLoad } from './load.js';

const limiter = new Limiter(4);
/** Up to 8 s of a box are loaded whole: 200 kB. */
const WHOLE_SAMPLES = 100_000;
const BANDS = 4096;
/** Its samples are not many more bytes than bands: one request in place of two. */
const SHORT_MS = 2500;
/** The most that the API gives in one reply with a limit. */
const MAX_POINTS = 100_000;
/** A zoom that goes on does not load at each step. */
const REST_MS = 120;

function load(
  eventId: number,
  boxId: string,
  originMs: number,
  part: Range | undefined,
  points: number,
  signal?: AbortSignal,
): Promise<Waveform> {
  const query =
    part === undefined ? { points } : { from: part.fromMs + originMs, to: part.toMs + originMs, points };
  const path = `/events/${eventId}/boxes/${encodeURIComponent(boxId)}/waveform`;
  return limiter.run(async () => readWaveform(await getBytes(path, query, signal), originMs));
}

/** @param range shown, ms from `originMs` on; @param columns pixels */
export function useWaveform(
  {
    box_id: boxId,
    event_end_timestamp_ms: endMs,
    event_id: eventId,
    event_start_timestamp_ms: startMs,
  }: Pick<BoxEvent, 'box_id' | 'event_id' | 'event_start_timestamp_ms' | 'event_end_timestamp_ms'>,
  originMs: number,
  range: Range,
  columns: number,
): Loaded<Waveform> & { shown: Waveform | undefined } {
  const whole = useLoad(`wave ${eventId} ${boxId}`, async (signal) => {
    const points = endMs - startMs <= SHORT_MS ? MAX_POINTS : BANDS;
    const first = await load(eventId, boxId, originMs, undefined, points, signal);
    const isSmall = first.form === 'bands' && first.totalSamples <= WHOLE_SAMPLES;
    return isSmall ? load(eventId, boxId, originMs, undefined, MAX_POINTS, signal) : first;
  });
  const [detail, setDetail] = useState<Waveform & { part: Range }>();
  const { data } = whole;
  const overview = data === undefined || isFineEnough(data.runs, data.form, range, columns);
  const inDetail =
    detail !== undefined &&
    detail.part.fromMs <= range.fromMs &&
    detail.part.toMs >= range.toMs &&
    isFineEnough(detail.runs, detail.form, range, columns);
  const isMissing = !overview && !inDetail;
  useEffect(() => {
    if (!isMissing) return undefined;
    const ended = new AbortController();
    const timer = window.setTimeout(() => {
      const part = partToLoad(range);
      load(eventId, boxId, originMs, part, Math.min(100_000, columns * 6), ended.signal).then(
        (loaded) => setDetail({ ...loaded, part }),
        // the bands of the whole stay in view; the next movement tries again
        () => undefined,
      );
    }, REST_MS);
    return () => {
      window.clearTimeout(timer);
      ended.abort();
    };
  }, [isMissing, range.fromMs, range.toMs, columns, eventId, boxId, originMs]);
  const covers = detail !== undefined && detail.part.fromMs <= range.fromMs && detail.part.toMs >= range.toMs;
  return { ...whole, shown: !overview && covers ? detail : data };
}
