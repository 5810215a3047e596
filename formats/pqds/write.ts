/** Writes a recording as PQDS: one time column for all channels, so those of other rates have a NaN where they have no sample. */
import type { Moment } from '../moment.js';
import { unwritable } from '../problems.js';
import type { AnalogChannel, DigitalChannel, Recording, ValueSeries, WrittenFile } from '../recording.js';
import { secondsOf } from '../samples.js';
import { unitOf } from '../units.js';
import { DATA_FLAG, KEYS, type Key, MEASUREMENTS, OWN_DOMAIN, SOME_ROWS } from './keys.js';
import { analogText, decimal, textOf, timeTexts } from './numbers.js';

const SI = { voltage: 'V', current: 'A', frequency: 'Hz' } as const;
/** Rows become bytes this many characters at a time. */
const CHUNK_CHARACTERS = 262_144;

interface Column {
  name: string;
  seconds: Float64Array;
  /** of the value with this index */
  text: (at: number) => string;
  /** what the name does not say, as our own keys */
  own: Readonly<Record<string, string>>;
}

/**
 * Waveforms become one file, values (RMS, trends) another, since a PQDS file is of one kind.
 * @throws MakaiError when there is nothing to write
 */
export function writePqds(recording: Recording): WrittenFile[] {
  const used = new Set<string>();
  const waves = [
    ...recording.analog.map((channel) => analogColumn(channel, used)),
    ...recording.digital.map((channel) => digitalColumn(channel, used)),
  ];
  const usedBySeries = new Set<string>();
  const values = recording.series.map((series) => seriesColumn(series, usedBySeries));
  const files: WrittenFile[] = [];
  if (waves.length > 0) files.push({ extension: '.csv', bytes: fileOf(recording, waves, 0) });
  if (values.length > 0)
    files.push({ extension: files.length > 0 ? '.rms.csv' : '.csv', bytes: fileOf(recording, values, 1) });
  if (files.length === 0) throw unwritable('PQDS', 'the recording has no channels', 'Choose another.');
  return files;
}

function fileOf(recording: Recording, columns: readonly Column[], dataType: 0 | 1): Buffer {
  const { rows, indexes } = joined(columns.map(({ seconds }) => seconds));
  // A sample that is missing is NaN too, so the file says which columns have no sample in some rows.
  const marked = columns.map((column, i) =>
    indexes[i]?.includes(-1) === true ? { ...column, own: { ...column.own, rows: SOME_ROWS } } : column,
  );
  const chunks = [
    Buffer.from(`${[...header(recording, marked, dataType), names(columns)].join('\r\n')}\r\n`),
  ];
  let text = '';
  let before = Number.NEGATIVE_INFINITY;
  const times = timeTexts(rows);
  for (let row = 0; row < rows.length; row += 1) {
    const time = rows[row] ?? Number.NaN;
    if (!(time > before)) {
      const found = `times that do not rise: ${time} s after ${before} s`;
      throw unwritable('PQDS', found, 'Export it in another format.');
    }
    // Decimals of the specification; what is closer is the same time.
    before = Math.max(time, times.rounded[row] ?? time);
    text += times.texts[row] ?? '';
    for (const [i, column] of columns.entries()) {
      const at = indexes[i]?.[row] ?? -1;
      text += at < 0 ? ',NaN' : column.text(at);
    }
    text += '\r\n';
    if (text.length < CHUNK_CHARACTERS && row < rows.length - 1) continue;
    chunks.push(Buffer.from(text, 'latin1'));
    text = '';
  }
  return Buffer.concat(chunks);
}

/** Times of all columns in order, each once, and where each column has its sample of a row (-1: none). */
function joined(times: readonly Float64Array[]): { rows: Float64Array; indexes: Int32Array[] } {
  const [first] = times;
  if (first !== undefined && times.every((one) => one === first)) {
    const index = new Int32Array(first.length);
    for (let i = 0; i < index.length; i += 1) index[i] = i;
    return { rows: first, indexes: times.map(() => index) };
  }
  const next = times.map(() => 0);
  const rows: number[] = [];
  const indexes = times.map((): number[] => []);
  for (;;) {
    let lowest = Number.POSITIVE_INFINITY;
    for (const [i, one] of times.entries())
      lowest = Math.min(lowest, one[next[i] ?? 0] ?? Number.POSITIVE_INFINITY);
    if (lowest === Number.POSITIVE_INFINITY) break;
    rows.push(lowest);
    for (const [i, one] of times.entries()) {
      const at = next[i] ?? 0;
      const has = one[at] === lowest;
      indexes[i]?.push(has ? at : -1);
      if (has) next[i] = at + 1;
    }
  }
  return { rows: Float64Array.from(rows), indexes: indexes.map((index) => Int32Array.from(index)) };
}

const names = (columns: readonly Column[]): string =>
  [DATA_FLAG, ...columns.map(({ name }) => name)].join(',');

function header(recording: Recording, columns: readonly Column[], dataType: 0 | 1): string[] {
  const { name, station, device, start, nominalFrequencyHz } = recording;
  return [
    'key,value,value-units,data-type,note',
    ...row(KEYS.deviceName, device),
    ...row(KEYS.deviceLocation, station),
    ...(nominalFrequencyHz === undefined ? [] : row(KEYS.nominalFrequency, decimal(nominalFrequencyHz))),
    ...row(KEYS.eventId, name),
    ...(start === undefined ? [] : startRows(start)),
    ...row(KEYS.dataType, String(dataType)),
    line({ name: `${OWN_DOMAIN}.TimeUnit`, type: 'T', note: 'Unit of the first column' }, 's'),
    ...columns.flatMap(({ own }, i) =>
      Object.entries(own).map(([what, value]) =>
        line({ name: `${OWN_DOMAIN}.${what}${i + 1}`, type: 'T', note: `${what} of column ${i + 1}` }, value),
      ),
    ),
  ];
}

function startRows({ unixNs }: Moment): string[] {
  const ns = ((unixNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const date = new Date(Number((unixNs - ns) / 1_000_000n));
  const [day, clock] = date.toISOString().slice(0, 19).split('T');
  const [year = '', month = '', dayOfMonth = ''] = (day ?? '').split('-');
  return [
    ...row(KEYS.eventYear, String(date.getUTCFullYear())),
    ...row(KEYS.eventMonth, String(date.getUTCMonth() + 1)),
    ...row(KEYS.eventDay, String(date.getUTCDate())),
    ...row(KEYS.eventHour, String(date.getUTCHours())),
    ...row(KEYS.eventMinute, String(date.getUTCMinutes())),
    ...row(KEYS.eventSecond, String(date.getUTCSeconds())),
    ...row(KEYS.eventNanoSecond, String(ns)),
    ...row(KEYS.eventDate, `${month}/${dayOfMonth}/${year}`),
    ...row(KEYS.eventTime, clock ?? ''),
    ...row(KEYS.eventTimeZone, 'UTC'),
  ];
}

/** The row of a key; none where the value is empty. */
function row(key: Key, value: string): string[] {
  return value === '' ? [] : [line(key, value)];
}

function line({ name, type, unit = '', note }: Key, value: string): string {
  const clean = value.replace(/[\p{Cc}]+/gu, ' ').slice(0, 254);
  return `${name},"${clean.replaceAll('"', '""')}",${unit},${type},"${note}"`;
}

function analogColumn(channel: AnalogChannel, used: Set<string>): Column {
  const unit = unitOf(channel.unit);
  const factor = unit?.quantity === 'voltage' || unit?.quantity === 'current' ? unit.factor : 1;
  const symbol = factor === 1 ? channel.unit : SI[unit?.quantity as 'voltage' | 'current'];
  const { name, phase, component } = channel;
  const seconds = secondsOf(channel.time);
  const skewed = channel.skewS === 0 ? seconds : seconds.map((time) => time + channel.skewS);
  return columnOf(
    { name, phase, component, unit: symbol },
    reserved(phase, symbol),
    skewed,
    analogText(channel, factor),
    used,
  );
}

function digitalColumn({ name, phase, component, states, time }: DigitalChannel, used: Set<string>): Column {
  const column = columnOf(
    { name, phase, component, unit: '' },
    undefined,
    secondsOf(time),
    (at) => (states[at] === 1 ? ',1' : ',0'),
    used,
  );
  return { ...column, own: { ...column.own, kind: 'digital' } };
}

function seriesColumn(series: ValueSeries, used: Set<string>): Column {
  const { name, phase, component, unit, statistic, seconds, values } = series;
  const base = Object.entries(MEASUREMENTS).find(
    ([, known]) =>
      known.quantity === name && known.phase === (phase === '' && name !== 'frequency' ? 'A' : phase),
  )?.[0];
  const ending = statistic === 'value' ? '' : `-${statistic}`;
  return columnOf({ name, phase, component, unit }, base, seconds, textOf(values), used, ending);
}

/** The specification's name for a waveform; undefined for what it has none for. */
function reserved(phase: string, unit: string): string | undefined {
  const letter = phase.toUpperCase().replace(/^([ABC])N$/, '$1') || 'A';
  return Object.entries(MEASUREMENTS).find(
    ([name, known]) => name !== 'f' && known.phase === letter && known.unit === unit,
  )?.[0];
}

function columnOf(
  what: Record<'name' | 'phase' | 'component' | 'unit', string>,
  base: string | undefined,
  seconds: Float64Array,
  text: Column['text'],
  used: Set<string>,
  ending = '',
): Column {
  const stem = base ?? (what.name.replace(/[^\w.]+/g, '_').slice(0, 24) || 'x');
  let name = `${stem}${ending}`;
  for (let n = 2; used.has(name.toLowerCase()); n += 1) name = `${stem}${n}${ending}`;
  used.add(name.toLowerCase());
  return { name, seconds, text, own: what };
}
