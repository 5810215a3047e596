/** The metadata section of a PQDS file: rows of key, value, unit, data type, note above the row that begins with `waveform-data`. */
import { splitLine } from '../csv/fields.js';
import { type Moment, momentFromCalendar } from '../moment.js';
import { numberOf, wholeWithin } from '../numbers.js';
import { type Place, shown, unreadable } from '../problems.js';
import { Lines } from '../text.js';
import type { Warnings } from '../warnings.js';
import { ALIASES, DATA_FLAG } from './keys.js';

/** PQDS 2: a letter, then letters, digits, hyphen, underscore and dot, 32 characters at most. */
const KEY = /^[A-Za-z][\w.-]{0,31}$/;
/** More rows than this above the data are no metadata. */
const MAX_ROWS = 10_000;
const MAX_COLUMNS = 4096;

interface Entry {
  value: string;
  line: number;
}

export interface Section {
  /** by key in small letters, aliases resolved */
  values: ReadonlyMap<string, Entry>;
  /** by key as the file writes it */
  metadata: Readonly<Record<string, string>>;
  /** names of the measurements, without the flag, as the file writes them */
  columns: string[];
  /** place in the text, and number, of the line after the header */
  at: number;
  line: number;
}

/** @throws MakaiError when no row begins with `waveform-data`, or none of measurements follows it */
export function metadataSection(text: string, place: Place, warnings: Warnings): Section {
  const values = new Map<string, Entry>();
  const metadata = new Map<string, string>();
  const lines = new Lines(text);
  for (let rows = 0; rows < MAX_ROWS; rows += 1) {
    const line = lines.next();
    if (line === undefined) break;
    const where = { ...place, line: line.number };
    const fields = splitLine(line.text, ',');
    const [key = '', value = ''] = fields;
    if (key.toLowerCase() === DATA_FLAG) {
      const columns = columnsOf(fields.slice(1), where);
      return { values, metadata: Object.fromEntries(metadata), columns, at: lines.at, line: lines.number };
    }
    const isHeader = key.toLowerCase() === 'key' && value.toLowerCase() === 'value';
    if (isHeader) continue;
    if (!KEY.test(key)) {
      warnings.add('key', where, `"${shown(key)}" is no key of PQDS; the row is left out`);
      continue;
    }
    const name = ALIASES[key.toLowerCase()] ?? key.toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, { value, line: line.number });
    else if (known.value !== value) {
      const both = `"${shown(known.value)}" in line ${known.line} and "${shown(value)}"`;
      warnings.add('twice', where, `${key} stands twice, as ${both}; the first is read`);
    }
    if (!metadata.has(key)) metadata.set(key, value);
  }
  throw unreadable(place, `no row begins with ${DATA_FLAG}`, 'It is no PQDS file, or it was cut off.');
}

function columnsOf(names: string[], where: Place): string[] {
  // A trailing comma is no column.
  while (names.at(-1) === '') names.pop();
  if (names.length === 0)
    throw unreadable(where, 'no measurement is named', 'Name one: va, vb, vc, ia, f, ...');
  if (names.length > MAX_COLUMNS)
    throw unreadable(where, `${names.length} measurements, more than ${MAX_COLUMNS}`);
  const twice = names.find((name, i) => names.findIndex((other) => same(other, name)) !== i);
  if (twice !== undefined)
    throw unreadable(where, `measurement "${shown(twice)}" is named twice`, 'Rename one of them.');
  return names;
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Nominal frequency, Hz; undefined where not said or not one of any grid (with a warning). */
export function nominalFrequencyOf(
  { values }: Section,
  place: Place,
  warnings: Warnings,
): number | undefined {
  const entry = values.get('nominalfrequency');
  if (entry === undefined || entry.value === '') return undefined;
  const hz = numberOf(entry.value);
  if (hz !== undefined && hz > 0 && hz <= 1000) return hz;
  warnings.add(
    'nominal-frequency',
    { ...place, line: entry.line },
    `nominal frequency "${shown(entry.value)}": none of any grid; taken as unknown`,
  );
  return undefined;
}

/** The moment that the times count from: EventYear to EventNanoSecond, or EventDate and EventTime; undefined where not said. */
export function startOf(section: Section, place: Place, warnings: Warnings): Moment | undefined {
  const { values } = section;
  const fields = fromFields(values);
  const texts = fromTexts(values);
  if (fields !== undefined && texts !== undefined && fields.unixNs / SECOND !== texts.unixNs / SECOND) {
    warnings.add(
      'start',
      { ...place, line: values.get('eventyear')?.line ?? 1 },
      `EventYear to EventSecond say ${isoOf(fields)}, EventDate and EventTime ${isoOf(texts)}; the first are followed`,
    );
  }
  const found = fields ?? texts;
  if (found === undefined) {
    const said = values.get('eventyear') ?? values.get('eventdate');
    if (said !== undefined)
      warnings.add('start', { ...place, line: said.line }, 'the start is no date; taken as unknown');
    return undefined;
  }
  return inZone(found, values.get('eventtimezone')?.value ?? '', place, warnings);
}

const SECOND = 1_000_000_000n;
const isoOf = ({ unixNs }: Moment): string => new Date(Number(unixNs / 1_000_000n)).toISOString();

function fromFields(values: ReadonlyMap<string, Entry>): Moment | undefined {
  const field = (key: string, min: number, max: number, missing?: number): number | undefined => {
    const text = values.get(key)?.value ?? '';
    return text === '' ? missing : wholeWithin(text, min, max);
  };
  const parts = [
    field('eventyear', 1900, 9999),
    field('eventmonth', 1, 12),
    field('eventday', 1, 31),
    field('eventhour', 0, 23),
    field('eventminute', 0, 59),
    field('eventsecond', 0, 60),
    field('eventnanosecond', 0, 999_999_999, 0),
  ];
  const [year, month, day, hour, minute, second, nanosecond] = parts;
  if (year === undefined || month === undefined || day === undefined || hour === undefined) return undefined;
  if (minute === undefined || second === undefined || nanosecond === undefined) return undefined;
  return momentFromCalendar(year, month, day, hour, minute, second, nanosecond);
}

/** MM/dd/yyyy and HH:mm:ss, as the tools of the Grid Protection Alliance write them. */
function fromTexts(values: ReadonlyMap<string, Entry>): Moment | undefined {
  const date = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(values.get('eventdate')?.value ?? '');
  const time = /^(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/.exec(values.get('eventtime')?.value ?? '');
  if (date === null || time === null) return undefined;
  const [month, day, year] = date.slice(1).map(Number);
  const [hour, minute, second] = time.slice(1, 4).map(Number);
  const nanosecond = Number((time[4] ?? '').padEnd(9, '0'));
  return momentFromCalendar(year ?? 0, month ?? 0, day ?? 0, hour ?? 0, minute ?? 0, second ?? 0, nanosecond);
}

function inZone(moment: Moment, zone: string, place: Place, warnings: Warnings): Moment {
  if (/^(?:utc|gmt|z|etc\/utc)$/i.test(zone)) return { ...moment, zone: 'known' };
  const offset = /^(?:utc|gmt)?\s*([+-])(\d{1,2}):?(\d{2})?$/i.exec(zone);
  const minutes = offset === null ? Number.NaN : Number(offset[2]) * 60 + Number(offset[3] ?? 0);
  if (minutes <= 14 * 60) {
    const utcOffsetMin = offset?.[1] === '-' ? -minutes : minutes;
    return { unixNs: moment.unixNs - BigInt(utcOffsetMin) * 60n * SECOND, zone: 'known', utcOffsetMin };
  }
  const said = zone === '' ? 'no time zone is given' : `time zone "${shown(zone)}" is not known`;
  warnings.add('zone', place, `${said}; the start is taken as UTC`);
  return moment;
}
