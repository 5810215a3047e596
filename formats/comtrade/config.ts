/** The CFG part of COMTRADE: IEEE C37.111-1991, IEEE C37.111-1999 / IEC 60255-24:2001, IEC/IEEE 60255-24:2013. */
import type { Moment } from '../moment.js';
import { numberWithin, wholeWithin } from '../numbers.js';
import { shown } from '../problems.js';
import type { Warnings } from '../warnings.js';
import { analogLine, type ConfigAnalog, type ConfigDigital, channelCounts, digitalLine } from './channels.js';
import { ConfigLines } from './config-lines.js';
import type { Part } from './parts.js';
import { type SampleRate, sampleRates } from './rates.js';
import { readStamp, readTimeCodes, readTimeQuality } from './timestamps.js';

export type Revision = 1991 | 1999 | 2013;
export const DATA_FORMATS = ['ASCII', 'BINARY', 'BINARY32', 'FLOAT32'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

export interface ComtradeConfig {
  revision: Revision;
  station: string;
  device: string;
  analog: ConfigAnalog[];
  digital: ConfigDigital[];
  /** Hz, above 0; undefined where the file says none that can be meant */
  nominalFrequencyHz: number | undefined;
  /** empty: only the time column says when samples were taken */
  rates: SampleRate[];
  start: Moment | undefined;
  trigger: Moment | undefined;
  format: DataFormat;
  /** seconds in one unit of the time column */
  timeUnitS: number;
}

/**
 * @throws MakaiError RECORDING_INVALID that names the line
 */
export function parseConfig(part: Part, warnings: Warnings, encoding?: string): ComtradeConfig {
  const lines = new ConfigLines(part, warnings, encoding);
  const { station, device, revision } = firstLine(lines);
  const counts = channelCounts(lines);
  const analog = Array.from({ length: counts.analog }, (_, index) => analogLine(lines, index, revision));
  const digital = Array.from({ length: counts.digital }, (_, index) => digitalLine(lines, index));
  const nominalFrequencyHz = lineFrequency(lines);
  const rates = sampleRates(lines);
  const start = readStamp(lines, revision, 'time of the first sample');
  const trigger = readStamp(lines, revision, 'time of the trigger');
  const format = dataFormat(lines);
  const multiplier = timeMultiplier(lines);
  const codes = revision === 2013 ? readTimeCodes(lines) : undefined;
  const quality = revision === 2013 ? readTimeQuality(lines) : undefined;
  const zoned = (moment: Moment | undefined): Moment | undefined =>
    moment === undefined ? undefined : { ...(codes === undefined ? moment : codes(moment)), ...quality };
  return {
    revision,
    station,
    device,
    analog,
    digital,
    nominalFrequencyHz,
    rates,
    start: zoned(start?.moment),
    trigger: zoned(trigger?.moment),
    format,
    // 2013: timestamps with more than six decimals mean a time column in nanoseconds
    timeUnitS: multiplier * (revision === 2013 && (start?.decimals ?? 0) > 6 ? 1e-9 : 1e-6),
  };
}

/** `station,device,year`; 1991 has no year. A station's name may have commas, so the others are found from the right. */
function firstLine(lines: ConfigLines): { station: string; device: string; revision: Revision } {
  const fields = lines.next('station, device, year');
  const last = fields.at(-1) ?? '';
  const year = wholeWithin(last, 1900, 2999);
  const known = fields.length > 2 && year !== undefined;
  const rest = known ? fields.slice(0, -1) : fields;
  if (fields.length > 2 && !known && last !== '') {
    lines.warn('revision', `revision "${shown(last)}" is no year: read as 1991`);
  } else if (known && ![1991, 1999, 2013].includes(year)) {
    lines.warn('revision', `there is no revision ${year}: read as ${revisionOf(year)}`);
  }
  if (rest.length > 2)
    lines.warn('station', `its ${fields.length} fields have a comma within the station's name`);
  return {
    station: rest.slice(0, Math.max(1, rest.length - 1)).join(','),
    device: rest.length > 1 ? (rest.at(-1) ?? '') : '',
    revision: known ? revisionOf(year) : 1991,
  };
}

function revisionOf(year: number): Revision {
  if (year >= 2013) return 2013;
  return year >= 1999 ? 1999 : 1991;
}

const MIN_FREQUENCY_HZ = 1;
const MAX_FREQUENCY_HZ = 1000;

/** Reading does not need it, so an empty line is taken where the lines behind it show that it is meant to be empty. */
function lineFrequency(lines: ConfigLines): number | undefined {
  const [first, second] = lines.peek(2);
  if (first?.length === 1 && second !== undefined && second.length > 1) {
    lines.warn('line-frequency', 'there is no line frequency');
    return undefined;
  }
  const fields = lines.next('line frequency');
  const text = lines.decimalComma(fields, 1, 'the line frequency')[0] ?? '';
  if (text === '') return undefined;
  const value = numberWithin(text, MIN_FREQUENCY_HZ, MAX_FREQUENCY_HZ);
  if (value !== undefined) return value;
  if (numberWithin(text, -1e300, 1e300) === undefined) {
    throw lines.mistake(
      `expected the line frequency, found "${shown(fields.join(','))}"`,
      'Check whether as many channel lines stand above it as the second line says.',
    );
  }
  lines.warn('line-frequency', `a line frequency of ${text} Hz cannot be meant: taken as not known`);
  return undefined;
}

function dataFormat(lines: ConfigLines): DataFormat {
  const text = lines.next('format of the data')[0] ?? '';
  const format = DATA_FORMATS.find((known) => known === text.toUpperCase());
  if (format === undefined) {
    throw lines.mistake(
      `data format "${shown(text)}" is not one of ${DATA_FORMATS.join(', ')}`,
      'If it looks like a rate or a date, the number of sampling rates above does not agree with the lines there.',
    );
  }
  return format;
}

function timeMultiplier(lines: ConfigLines): number {
  const fields = lines.optional();
  if (fields === undefined) return 1;
  const text = lines.decimalComma(fields, 1, 'the time multiplier')[0] ?? '';
  if (text === '') return 1;
  const value = numberWithin(text, 1e-9, 1e9);
  if (value === undefined)
    throw lines.mistake(`the time multiplier "${shown(text)}" is no number from 1e-9 to 1e9`);
  return value;
}
