/** Numbers of rows as text. Making the digits takes most of the time of a file, so those that are needed again are kept. */
import type { AnalogChannel } from '../recording.js';
import { valuesOf } from '../samples.js';

/** Decimals of a time: picoseconds are the finest that PQDS has. */
const DECIMALS = 12;

/** Shortest digits that give the number again, never as an exponent, which PQDS forbids. */
export function decimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) < 1 ? trimmed(value.toFixed(20)) : BigInt(value).toString();
}

const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

export interface TimeTexts {
  texts: readonly string[];
  /** the times that the texts are, seconds */
  rounded: Float64Array;
}

/** Longer files are rare, and their texts would stay in memory. */
const MAX_KEPT_ROWS = 262_144;
let known: TimeTexts & { times: Float64Array } = {
  times: new Float64Array(),
  texts: [],
  rounded: new Float64Array(),
};

/** Texts of times in seconds; those of the next event of the same rate are the same. */
export function timeTexts(times: Float64Array): TimeTexts {
  const { times: before } = known;
  let same = 0;
  while (same < times.length && times[same] === before[same]) same += 1;
  if (same === times.length) return known;
  const texts = known.texts.slice(0, same);
  const rounded = new Float64Array(times.length);
  rounded.set(known.rounded.subarray(0, same));
  for (let row = same; row < times.length; row += 1) {
    const time = times[row] ?? Number.NaN;
    const text = Number.isFinite(time) ? trimmed(time.toFixed(DECIMALS)) : decimal(time);
    texts.push(text);
    rounded[row] = Number(text);
  }
  const made = { times, texts, rounded };
  if (times.length <= MAX_KEPT_ROWS) known = made;
  return made;
}

const valueText = (value: number): string => (Number.isNaN(value) ? ',NaN' : `,${decimal(value)}`);

/** The texts of values, each behind its comma. */
export function textOf(values: Float64Array): (at: number) => string {
  return (at) => valueText(values[at] ?? Number.NaN);
}

/** Texts by count, for what a count of 16 bits is multiplied with and what is added: a box has the same in each of its events. */
const byCount = new Map<string, (string | undefined)[]>();
const MAX_SCALES = 8;
const COUNTS = 65_536;

/** The texts of a channel's values, multiplied by a factor, each behind its comma. */
export function analogText(channel: AnalogChannel, factor: number): (at: number) => string {
  const { samples, scale, offset, missing } = channel;
  const inUnits = (raw: number): number => (raw === missing ? Number.NaN : (scale * raw + offset) * factor);
  if (!(samples instanceof Int16Array)) {
    const values = valuesOf(channel);
    return (at) => valueText((values[at] ?? Number.NaN) * factor);
  }
  const key = `${scale} ${offset} ${factor} ${missing}`;
  const texts = byCount.get(key) ?? new Array<string | undefined>(COUNTS);
  if (!byCount.has(key) && byCount.size >= MAX_SCALES) byCount.clear();
  byCount.set(key, texts);
  return (at) => {
    const raw = samples[at] ?? 0;
    const place = raw + COUNTS / 2;
    const text = texts[place];
    if (text !== undefined) return text;
    const made = valueText(inUnits(raw));
    texts[place] = made;
    return made;
  };
}
