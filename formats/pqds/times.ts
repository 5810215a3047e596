/**
 * The first column of PQDS' measurements. The specification has decimal seconds; the tools of the Grid Protection Alliance write and read
 * milliseconds. A file of ours says which (`makai.TimeUnit`); of others it is found from the rate: a waveform has at least four samples a cycle.
 */
import type { Rows } from '../csv/rows.js';
import { type Place, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import { OWN_DOMAIN } from './keys.js';
import type { Section } from './metadata.js';

export type TimeUnit = 's' | 'ms';

const FACTORS: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 0.001 };
const SAMPLES_A_CYCLE = 4;
/** Without a nominal frequency in the file: the lower of the two in the world. */
const NOMINAL_HZ = 50;
const MAX_SECONDS = 3.2e10;

/** @throws MakaiError for a row without time, times that do not rise */
export function secondsOfRows(
  { values, line }: Section,
  rows: Rows,
  options: { nominalFrequencyHz: number | undefined; timeUnit?: TimeUnit },
  place: Place,
  warnings: Warnings,
): Float64Array {
  const times = rows.values[0];
  if (times === undefined || rows.origins.has(0))
    throw unreadable({ ...place, line }, 'the first column must be times, as numbers');
  for (let i = 0; i < times.length; i += 1) {
    const time = times[i] ?? Number.NaN;
    const before = i === 0 ? Number.NEGATIVE_INFINITY : (times[i - 1] ?? 0);
    if (time > before && Math.abs(time) <= MAX_SECONDS) continue;
    // Blank lines shift it, so it is the row that is named.
    const what = Number.isNaN(time) ? 'no time' : `time ${time}, after ${before}`;
    throw unreadable({ ...place, line }, `row ${i + 1} of the measurements has ${what}`, 'Times must rise.');
  }
  const said = values.get(`${OWN_DOMAIN}.timeunit`)?.value;
  const isRms = !['', '0'].includes(values.get('waveformdatatype')?.value ?? '');
  const unit =
    options.timeUnit ??
    (said === 's' || said === 'ms' ? said : found(times, isRms, options.nominalFrequencyHz, place, warnings));
  const factor = FACTORS[unit];
  return factor === 1 ? times : times.map((time) => time * factor);
}

function found(
  times: Float64Array,
  isRms: boolean,
  nominalFrequencyHz: number | undefined,
  place: Place,
  warnings: Warnings,
): TimeUnit {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  if (isRms || span === 0) return 's';
  const rateHz = (times.length - 1) / span;
  const lowest = SAMPLES_A_CYCLE * (nominalFrequencyHz ?? NOMINAL_HZ);
  if (rateHz >= lowest) return 's';
  const [asSeconds, asMs] = [rateHz, 1000 * rateHz].map((rate) => Number(rate.toPrecision(6)));
  warnings.add(
    'time-unit',
    place,
    `its times are taken as milliseconds, which gives ${asMs} samples a second; as the specification's seconds they would give ${asSeconds}, less than ${SAMPLES_A_CYCLE} a cycle`,
  );
  return 'ms';
}
