/** PQDS 1.1: a CSV file of metadata and of measurements, published by the Grid Protection Alliance. */
import { type Rows, readRows } from '../csv/rows.js';
import { numberOf } from '../numbers.js';
import { type Place, unreadable } from '../problems.js';
import type {
  AnalogChannel,
  DigitalChannel,
  FileContent,
  Recording,
  TimeBase,
  ValueSeries,
} from '../recording.js';
import { decodeText } from '../text.js';
import { Warnings } from '../warnings.js';
import { MEASUREMENTS, OWN_DOMAIN, SOME_ROWS } from './keys.js';
import { metadataSection, nominalFrequencyOf, type Section, startOf } from './metadata.js';
import { secondsOfRows, type TimeUnit } from './times.js';

export interface PqdsOptions {
  /** what the first column is in; without it found from the file (README) */
  timeUnit?: TimeUnit;
}

/**
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID that names the line
 */
export function readPqds(bytes: Uint8Array, file: string, options: PqdsOptions = {}): FileContent {
  const place = { file };
  const warnings = new Warnings();
  const { text } = decodeText(bytes, place, warnings);
  const section = metadataSection(text, place, warnings);
  const names = ['time', ...section.columns];
  const rows = readRows(
    text,
    { separator: ',', decimal: '.', above: [], width: names.length, at: section.at, line: section.line },
    names.map((name, index) => ({ index, name, unit: '', meaning: undefined })),
    place,
    warnings,
  );
  if (rows.count === 0)
    throw unreadable({ file, line: section.line }, 'no row of measurements', 'It was cut off.');
  const nominalFrequencyHz = nominalFrequencyOf(section, place, warnings);
  const seconds = secondsOfRows(section, rows, { nominalFrequencyHz, ...options }, place, warnings);
  const columns = section.columns.map((name, i) => columnOf(section, name, i + 1));
  const recording: Recording = {
    name: section.values.get('eventid')?.value ?? '',
    station: section.values.get('devicelocation')?.value ?? '',
    device: section.values.get('devicename')?.value ?? '',
    start: startOf(section, place, warnings),
    nominalFrequencyHz,
    ...valuesOf(columns, rows, seconds, isRms(section), place),
    metadata: section.metadata,
  };
  return { format: 'pqds', recordings: [recording], warnings: warnings.all };
}

/** WaveformDataType: 0 point-on-wave (when not said), 1 RMS; other numbers are values as well. */
function isRms({ values }: Section): boolean {
  const code = numberOf(values.get('waveformdatatype')?.value);
  return code !== undefined && code !== 0;
}

interface ColumnInfo {
  name: string;
  phase: string;
  component: string;
  unit: string;
  /** quantity of a series */
  quantity: string;
  statistic: ValueSeries['statistic'];
  digital: boolean;
  /** it has a sample in every row, as our own files say: NaN is one that is missing */
  everyRow: boolean;
}

const STATISTICS = ['min', 'max', 'average', 'sum'] as const;

/** What a column is: by our own keys where the file has them, else by its name. */
function columnOf({ values }: Section, column: string, number: number): ColumnInfo {
  const own = (what: string): string | undefined => values.get(`${OWN_DOMAIN}.${what}${number}`)?.value;
  const [base = '', ending = ''] = column.toLowerCase().split(/-(?=[a-z]+$)/);
  const statistic = STATISTICS.find((one) => one === ending);
  const known = MEASUREMENTS[statistic === undefined ? column.toLowerCase() : base];
  const plain = statistic === undefined ? column : column.slice(0, -ending.length - 1);
  return {
    name: own('name') ?? column,
    phase: own('phase') ?? known?.phase ?? '',
    component: own('component') ?? '',
    unit: own('unit') ?? known?.unit ?? '',
    quantity: own('name') ?? known?.quantity ?? plain,
    statistic: statistic ?? 'value',
    digital: own('kind') === 'digital',
    everyRow: own('name') !== undefined && own('rows') !== SOME_ROWS,
  };
}

function valuesOf(
  columns: readonly ColumnInfo[],
  { values, count }: Rows,
  seconds: Float64Array,
  rms: boolean,
  place: Place,
): Pick<Recording, 'analog' | 'digital' | 'series'> {
  const analog: AnalogChannel[] = [];
  const digital: DigitalChannel[] = [];
  const series: ValueSeries[] = [];
  const all: TimeBase = { kind: 'timestamps', seconds };
  const slower = new Map<string, TimeBase>();
  for (const [i, column] of columns.entries()) {
    const whole = values[i + 1];
    if (whole === undefined) throw unreadable(place, `measurement "${column.name}" holds text`);
    const { step, first } = column.everyRow ? { step: 1, first: 0 } : everyNth(whole, count);
    const samples = step === 1 ? whole.slice() : every(whole, first, step);
    const key = `${first} ${step}`;
    const time =
      step === 1 ? all : (slower.get(key) ?? { kind: 'timestamps', seconds: every(seconds, first, step) });
    if (step > 1) slower.set(key, time);
    const { name, phase, component, unit, quantity, statistic } = column;
    if (column.digital && samples.every((value) => value === 0 || value === 1)) {
      digital.push({ name, phase, component, normal: 0, states: Uint8Array.from(samples), time });
    } else if (rms) {
      const times = time.kind === 'timestamps' ? time.seconds : seconds;
      series.push({ name: quantity, phase, component, unit, statistic, values: samples, seconds: times });
    } else analog.push({ name, phase, component, unit, samples, scale: 1, offset: 0, time, skewS: 0 });
  }
  return { analog, digital, series };
}

/** A channel of a lower rate has a value in every nth row and NaN in the others. */
function everyNth(values: Float64Array, count: number): { step: number; first: number } {
  const first = values.findIndex((value) => !Number.isNaN(value));
  const second = values.findIndex((value, i) => i > first && !Number.isNaN(value));
  const step = second - first;
  if (first < 0 || second < 0 || step < 2 || first >= step) return { step: 1, first: 0 };
  for (let i = 0; i < count; i += 1) {
    if (Number.isNaN(values[i]) === ((i - first) % step === 0)) return { step: 1, first: 0 };
  }
  return { step, first };
}

function every(values: Float64Array, first: number, step: number): Float64Array {
  const taken = new Float64Array(Math.ceil((values.length - first) / step));
  for (let i = 0; i < taken.length; i += 1) taken[i] = values[first + i * step] ?? Number.NaN;
  return taken;
}
