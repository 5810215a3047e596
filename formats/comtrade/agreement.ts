/** What a COMTRADE recording says twice is compared, and every contradiction becomes a warning that names both numbers. */
import type { Place } from '../problems.js';
import type { RateSection } from '../recording.js';
import type { Warnings } from '../warnings.js';
import type { ComtradeConfig } from './config.js';
import type { ComtradeData } from './data.js';

/** How far the time column may be off the rate: rates are rounded, clocks of recorders drift. */
const TIME_TOLERANCE = 0.01;

/** @param place of the DAT, @param cfg of the CFG */
export function checkAgreement(
  config: ComtradeConfig,
  data: ComtradeData,
  sections: readonly RateSection[],
  place: Place,
  cfg: Place,
  warnings: Warnings,
): void {
  const announced = config.rates.at(-1)?.lastSample;
  if (announced !== undefined && announced !== data.count) {
    warnings.add(
      'count',
      place,
      `has ${data.count} samples, the CFG announces ${announced}: those that are there are read`,
    );
  }
  checkTimes(config.timeUnitS, data.times, sections, place, warnings);
  checkRanges(config, data, place, warnings);
  checkTrigger(config, data, sections, cfg, warnings);
}

/** The rates of the CFG take precedence over the time column (1999, 5.3.7); where it says otherwise, there is a warning. */
function checkTimes(
  unitS: number,
  times: Float64Array,
  sections: readonly RateSection[],
  place: Place,
  warnings: Warnings,
): void {
  let from = 0;
  for (const { count, rateHz } of sections) {
    const to = from + count;
    const start = times[from] ?? Number.NaN;
    const stepS = 1 / rateHz;
    const given = ((times[to - 1] ?? Number.NaN) - start) * unitS;
    const wanted = (count - 1) * stepS;
    if (Math.abs(given - wanted) > Math.max(TIME_TOLERANCE * wanted, 2 * unitS)) {
      const samples = `samples ${from + 1} to ${to}`;
      const text = `the timestamps of ${samples} span ${brief(given)} s, at ${rateHz} Hz they span ${brief(wanted)} s: the rate is followed`;
      warnings.add('time-span', place, text);
    } else checkStamps(times, from, to, unitS, stepS, place, warnings);
    from = to;
  }
}

function checkStamps(
  times: Float64Array,
  from: number,
  to: number,
  unitS: number,
  stepS: number,
  place: Place,
  warnings: Warnings,
): void {
  const start = times[from] ?? Number.NaN;
  const stepUnits = stepS / unitS;
  // half a sample, or what rounding and drift give over the section
  const allowed = Math.max(stepUnits / 2, 2, TIME_TOLERANCE * (to - from) * stepUnits);
  for (let i = from; i < to; i += 1) {
    const off = (times[i] ?? 0) - start - (i - from) * stepUnits;
    // an empty timestamp is NaN, which is never above
    if (!(Math.abs(off) > allowed)) continue;
    const expected = start + (i - from) * stepUnits;
    const text = `sample ${i + 1} has the timestamp ${times[i]}, at ${brief(1 / stepS)} Hz it has ${brief(expected)}: the rate is followed`;
    warnings.add('time-stamp', place, text);
  }
}

function checkRanges(config: ComtradeConfig, data: ComtradeData, place: Place, warnings: Warnings): void {
  for (const [channel, { name, range }] of config.analog.entries()) {
    const samples = data.analog[channel];
    if (range === undefined || samples === undefined) continue;
    const { min, max } = range;
    // all that 16 bits hold, but the mark of a missing sample
    if (samples instanceof Int16Array && min <= -32_767 && max >= 32_767) continue;
    for (let i = 0; i < samples.length; i += 1) {
      const value = samples[i] ?? 0;
      if ((value >= min && value <= max) || value === data.missing || Number.isNaN(value)) continue;
      const text = `sample ${i + 1} of channel ${name} is ${value}, the CFG's range is ${min} to ${max}: read as it is`;
      warnings.add('range', place, text);
      break;
    }
  }
}

function checkTrigger(
  { start, trigger }: ComtradeConfig,
  { count }: ComtradeData,
  sections: readonly RateSection[],
  cfg: Place,
  warnings: Warnings,
): void {
  if (start === undefined || trigger === undefined) return;
  const after = Number(trigger.unixNs - start.unixNs) / 1e9;
  const length = sections.reduce((sum, { count: part, rateHz }) => sum + part / rateHz, 0);
  // a second of tolerance: recorders write the moment at which the file was closed, or cut the recording
  if (count > 0 && length > 0 && (after < -1 || after > length + 1)) {
    const text = `the trigger is ${brief(after)} s after the first sample, the recording is ${brief(length)} s long`;
    warnings.add('trigger', cfg, text);
  }
}

function brief(value: number): string {
  return String(Number(value.toPrecision(6)));
}
