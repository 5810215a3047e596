/** Sampling rates of a CFG, and the time base that they give to the samples that are there. */
import { numberWithin, wholeWithin } from '../numbers.js';
import { shown } from '../problems.js';
import type { RateSection } from '../recording.js';
import type { ConfigLines } from './config-lines.js';

export interface SampleRate {
  rateHz: number;
  /** number of the last sample at this rate, from 1 on; undefined where the file says 0 or nothing */
  lastSample: number | undefined;
}

/** Slower is a trend, faster no recorder of the grid. */
const MIN_RATE_HZ = 1e-3;
const MAX_RATE_HZ = 1e9;
/** What a sample's number has room for. */
const MAX_SAMPLES = 2 ** 32 - 1;

/** @returns empty where the file gives no rate, so that only the time column says it */
export function sampleRates(lines: ConfigLines): SampleRate[] {
  const fields = lines.decimalComma(
    lines.next('number of sampling rates'),
    1,
    'the number of sampling rates',
  );
  const count = wholeWithin(fields[0], 0, 999_999);
  if (count === undefined) {
    throw lines.mistake(`the number of sampling rates is no whole number: "${shown(fields[0] ?? '')}"`);
  }
  const rates: SampleRate[] = [];
  // zero rates still have one line: 0, last sample
  for (let i = 0; i < Math.max(1, count); i += 1) {
    const rate = rateLine(lines, rates.at(-1)?.lastSample ?? 0);
    if (rate !== undefined) rates.push(rate);
    else if (count > 1) throw lines.mistake(`a sampling rate of 0 among ${count} rates`);
  }
  return rates;
}

function rateLine(lines: ConfigLines, previous: number): SampleRate | undefined {
  const line = lines.next('a sampling rate and its last sample');
  const [rate = '', last = ''] = lines.decimalComma(line, 2, 'a sampling rate and its last sample');
  const rateHz = numberWithin(rate, 0, MAX_RATE_HZ);
  if (rateHz === undefined || (rateHz > 0 && rateHz < MIN_RATE_HZ)) {
    throw lines.mistake(
      `a sampling rate of "${shown(rate)}" is no number from ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz`,
    );
  }
  const number = last === '' ? 0 : wholeWithin(last, 0, MAX_SAMPLES);
  if (number === undefined) {
    throw lines.mistake(`a last sample of "${shown(last)}" is no whole number from 1 to ${MAX_SAMPLES}`);
  }
  if (number === 0)
    lines.warn('last-sample', 'the last sample of a rate is 0: all samples that are there are taken');
  else if (number <= previous) {
    throw lines.mistake(
      `a last sample of ${number} does not follow ${previous}, the last one of the rate before`,
    );
  }
  return rateHz === 0 ? undefined : { rateHz, lastSample: number === 0 ? undefined : number };
}

/** Sections for `count` samples: cut short where the file has fewer than it announces, the last rate going on where it has more. */
export function sectionsOf(rates: readonly SampleRate[], count: number): RateSection[] {
  const sections: RateSection[] = [];
  let from = 0;
  for (const [i, { rateHz, lastSample }] of rates.entries()) {
    const to = i === rates.length - 1 ? count : Math.min(count, lastSample ?? count);
    if (to > from) sections.push({ count: to - from, rateHz });
    from = Math.max(from, to);
  }
  return sections;
}
