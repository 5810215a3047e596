/** Measurements and trends of a box as a recording of values. */
import type { MeasurementDocument, TrendDocument } from '../../store/store.js';
import { momentFromMs } from '../moment.js';
import type { Recording, ValueSeries } from '../recording.js';

export type ValueDocument = MeasurementDocument | TrendDocument;

/** A fraction is `pu`: PQDIF and PQDS know no 1. */
const METRICS = [
  ['voltage', 'V'],
  ['frequency', 'Hz'],
  ['thd', 'pu'],
  ['transient', 'V'],
] as const;

/**
 * @param documents of one box, rising in time, at least one
 * @returns a series for each metric that any of them has; trends have three: minimum, maximum, average
 */
export function valueRecording(boxId: string, documents: readonly ValueDocument[]): Recording {
  const startMs = documents[0]?.timestamp_ms ?? 0;
  const seconds = Float64Array.from(documents, ({ timestamp_ms }) => (timestamp_ms - startMs) / 1000);
  const series = METRICS.flatMap(([name, unit]): ValueSeries[] => {
    const of = documents.map((document) => document[name]);
    if (of.every((value) => value === undefined)) return [];
    const common = { name, phase: '', component: `box ${boxId}`, unit, seconds };
    if (of.some((value) => typeof value === 'number'))
      return [{ ...common, statistic: 'value', values: numbers(of, (value) => value) }];
    return (['min', 'max', 'average'] as const).map((statistic) => ({
      ...common,
      statistic,
      values: numbers(of, (value) => (typeof value === 'object' ? value[statistic] : undefined)),
    }));
  });
  const places = new Set(documents.flatMap((one) => ('location' in one ? [one.location] : [])));
  return {
    name: `box ${boxId}`,
    station: [...places].join(', '),
    device: `box ${boxId}`,
    start: momentFromMs(startMs),
    nominalFrequencyHz: undefined,
    analog: [],
    digital: [],
    series,
    metadata: {},
  };
}

function numbers<T>(all: readonly T[], value: (one: T) => unknown): Float64Array {
  return Float64Array.from(all, (one) => {
    const found = value(one);
    return typeof found === 'number' ? found : Number.NaN;
  });
}
