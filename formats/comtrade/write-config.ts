/** Lines of a CFG. */
import type { Moment } from '../moment.js';
import type { AnalogChannel, DigitalChannel, Recording, TimeBase } from '../recording.js';
import type { DataFormat } from './config.js';
import type { Encoded } from './encode.js';
import { timeQualityOf } from './timestamps.js';

/** Longest names (1999, 5.3): station, device and channel 64 characters, phase 2, unit 32. */
const NAME = 64;
const PHASE = 2;
const UNIT = 32;
const END = '\r\n';

export function configText(
  recording: Recording,
  time: TimeBase,
  channels: readonly Encoded[],
  {
    revision,
    format,
    count,
    timeMultiplier,
  }: { revision: 1999 | 2013; format: DataFormat; count: number; timeMultiplier: number },
): string {
  const word = revision === 2013 ? plain : ascii;
  const { analog, digital } = recording;
  const rates = time.kind === 'rates' ? time.sections : [];
  const start = timestamp(recording.start);
  let last = 0;
  const lines = [
    `${word(recording.station, NAME)},${word(recording.device, NAME)},${revision}`,
    `${analog.length + digital.length},${analog.length}A,${digital.length}D`,
    ...analog.map((channel, i) => analogLine(channel, channels[i], i, word)),
    ...digital.map((channel, i) => digitalLine(channel, i, word)),
    String(recording.nominalFrequencyHz ?? 0),
    String(rates.length),
    ...(rates.length === 0
      ? [`0,${count}`]
      : rates.map((section) => {
          last += section.count;
          return `${section.rateHz},${last}`;
        })),
    start,
    recording.trigger === undefined ? start : timestamp(recording.trigger),
    format,
    String(timeMultiplier),
    ...(revision === 2013 ? timeLines(recording.start) : []),
  ];
  return lines.join(END) + END;
}

type Word = (text: string, length: number) => string;

function analogLine(channel: AnalogChannel, encoded: Encoded | undefined, index: number, word: Word): string {
  const { name, phase, component, unit, skewS, transformer } = channel;
  const { a, b, min, max } = encoded ?? { a: 1, b: 0, min: 0, max: 0 };
  const { primary, secondary, side } = transformer ?? { primary: 1, secondary: 1, side: 'primary' };
  const words = `${word(name, NAME)},${word(phase, PHASE)},${word(component, NAME)},${word(unit, UNIT)}`;
  // microseconds, to the nanosecond
  const skewUs = Math.round(skewS * 1e9) / 1e3;
  const ratio = `${primary},${secondary},${side === 'primary' ? 'P' : 'S'}`;
  return `${index + 1},${words},${a},${b},${skewUs},${min},${max},${ratio}`;
}

function digitalLine({ name, phase, component, normal }: DigitalChannel, index: number, word: Word): string {
  return [index + 1, word(name, NAME), word(phase, PHASE), word(component, NAME), normal].join(',');
}

/** `dd/mm/yyyy,hh:mm:ss.ssssss` in UTC; a start that is not known is the epoch's, which the header names. */
function timestamp(moment: Moment | undefined): string {
  const us = ((moment?.unixNs ?? 0n) + 500n) / 1000n;
  const micro = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((us - micro) / 1000n));
  const day = `${two(date.getUTCDate())}/${two(date.getUTCMonth() + 1)}/${String(date.getUTCFullYear()).padStart(4, '0')}`;
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day},${clock}.${String(micro).padStart(6, '0')}`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** 2013: the file's offset from UTC and that of the place; how good the clock was, and leap seconds. */
function timeLines(start: Moment | undefined): string[] {
  const known = start?.zone === 'known';
  const place = start?.utcOffsetMin;
  return [
    `${known ? '0' : 'x'},${place === undefined ? 'x' : offsetText(place)}`,
    `${timeQualityOf(start?.uncertaintyNs)},${start?.leapSecond ?? 3}`,
  ];
}

function offsetText(minutes: number): string {
  const sign = minutes < 0 ? '-' : '+';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  if (minutes === 0) return '0';
  return rest === 0 ? `${sign}${hours}` : `${sign}${hours}h${String(rest).padStart(2, '0')}`;
}

/** Texts that are plain already: letters of ASCII, of which neither the first nor the last is a space. */
const PLAIN = /^(?:[!-+\--~](?:[ -+\--~]*[!-+\--~])?)?$/;

/** Text within a line: no commas, no control characters. */
function plain(text: string, length: number): string {
  if (text.length <= length && PLAIN.test(text)) return text;
  const clean = text
    .replace(/,/g, ';')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .trim();
  return [...clean].slice(0, length).join('').trim();
}

/** 1999 is ASCII: letters lose their accents, others become a question mark. */
function ascii(text: string, length: number): string {
  return plain(
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .replace(/[^ -~]/g, '?'),
    length,
  );
}
