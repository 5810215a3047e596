/** The CFG file of COMTRADE: IEEE C37.111-1991, IEEE C37.111-1999 / IEC 60255-24:2001, IEC/IEEE 60255-24:2013. */
import { unusable } from '../recording.js';

export type DataFormat = 'ASCII' | 'BINARY' | 'BINARY32' | 'FLOAT32';

export interface AnalogChannel {
  /** place in a record, from 0 on */
  index: number;
  name: string;
  phase: string;
  unit: string;
  /** value = a·x + b */
  a: number;
  b: number;
  /** ratio of the instrument transformer; 1 and 1 before 1999 */
  primary: number;
  secondary: number;
  /** which side `a` and `b` give; S before 1999 */
  side: 'P' | 'S';
}

export interface ComtradeConfig {
  revision: 1991 | 1999 | 2013;
  station: string;
  analog: AnalogChannel[];
  digitalCount: number;
  lineFrequencyHz: number;
  /** rate in Hz up to and including sample `lastSample` (from 1 on); empty: only the time column tells */
  rates: { rate: number; lastSample: number }[];
  format: DataFormat;
  /** seconds in one unit of the time column */
  timeUnitS: number;
}

const FORMATS: readonly DataFormat[] = ['ASCII', 'BINARY', 'BINARY32', 'FLOAT32'];

/**
 * @param where names the file in errors
 * @throws MakaiError RECORDING_INVALID that names the line
 */
export function parseConfig(text: string, where: string): ComtradeConfig {
  const lines = new Lines(text, where);
  const [station = '', , year = ''] = lines.next('station, device, year');
  const revision = revisionOf(year);
  const { analogCount, digitalCount } = channelCounts(lines);
  const analog = Array.from({ length: analogCount }, (_, index) => analogChannel(lines, index));
  for (let i = 0; i < digitalCount; i += 1) lines.next('a digital channel');
  const lineFrequencyHz = lines.number(lines.next('line frequency')[0], 'line frequency');
  const rates = sampleRates(lines);
  const start = lines.next('time of the first sample');
  lines.next('time of the trigger');
  const format = formatOf(lines.next('format of the data')[0] ?? '', where);
  const multiplier = Number(lines.optional()?.[0] ?? 1) || 1;
  return {
    revision,
    station: station.trim(),
    analog,
    digitalCount,
    lineFrequencyHz,
    rates,
    format,
    timeUnitS: multiplier * (isNanoseconds(revision, start) ? 1e-9 : 1e-6),
  };
}

function revisionOf(year: string): ComtradeConfig['revision'] {
  const number = Number(year);
  if (number >= 2013) return 2013;
  return number >= 1999 ? 1999 : 1991;
}

/** `8,8A,0D`: all, analog, digital. */
function channelCounts(lines: Lines): { analogCount: number; digitalCount: number } {
  const fields = lines.next('numbers of channels');
  const count = (suffix: string): number => {
    const field = fields.map((text) => text.trim().toUpperCase()).find((text) => text.endsWith(suffix));
    const number = Number(field?.slice(0, -1));
    if (!Number.isInteger(number) || number < 0 || number > 999_999) {
      throw lines.mistake(`no number of channels with ${suffix} in "${fields.join(',')}"`);
    }
    return number;
  };
  return { analogCount: count('A'), digitalCount: count('D') };
}

function analogChannel(lines: Lines, index: number): AnalogChannel {
  const f = lines.next('an analog channel');
  return {
    index,
    name: (f[1] ?? '').trim(),
    phase: (f[2] ?? '').trim(),
    unit: (f[4] ?? '').trim(),
    a: lines.number(f[5], 'the multiplier a'),
    b: lines.number(f[6], 'the offset b'),
    primary: Number(f[10]) || 1,
    secondary: Number(f[11]) || 1,
    side: (f[12] ?? '').trim().toUpperCase() === 'P' ? 'P' : 'S',
  };
}

function sampleRates(lines: Lines): ComtradeConfig['rates'] {
  const count = lines.number(lines.next('number of sampling rates')[0], 'the number of sampling rates');
  // zero rates still have one line: 0, last sample
  const listed = Array.from({ length: Math.max(1, count) }, () => {
    const [rate, lastSample] = lines.next('a sampling rate');
    return { rate: lines.number(rate, 'a rate'), lastSample: lines.number(lastSample, 'a last sample') };
  });
  return listed.filter(({ rate }) => rate > 0);
}

function formatOf(text: string, where: string): DataFormat {
  const format = FORMATS.find((known) => known === text.trim().toUpperCase());
  if (format === undefined)
    throw unusable(`${where}: data format "${text.trim()}" is not one of ${FORMATS.join(', ')}`);
  return format;
}

/** 2013: stamps with nine decimals of a second mean a time column in nanoseconds. */
function isNanoseconds(revision: ComtradeConfig['revision'], [, time = '']: string[]): boolean {
  return revision === 2013 && (time.trim().split('.')[1] ?? '').length > 6;
}

class Lines {
  readonly #lines: string[];
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#lines = text.split(/\r\n|\n|\r/);
    this.#where = where;
  }

  next(what: string): string[] {
    const line = this.#lines[this.#at];
    this.#at += 1;
    if (line === undefined || line.trim() === '') throw this.mistake(`expected ${what}, found nothing`);
    return line.split(',');
  }

  optional(): string[] | undefined {
    const line = this.#lines[this.#at];
    this.#at += 1;
    return line === undefined || line.trim() === '' ? undefined : line.split(',');
  }

  number(field: string | undefined, what: string): number {
    const value = Number(field?.trim() || Number.NaN);
    if (!Number.isFinite(value)) throw this.mistake(`${what} is no number: "${field ?? ''}"`);
    return value;
  }

  mistake(message: string): Error {
    return unusable(`${this.#where}, line ${this.#at}: ${message}`);
  }
}
