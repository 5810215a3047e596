/** How large a SQLite store gets. The figures were measured on this schema, with indexes (docs/operations.md); test/store/size.slow.test.ts measures them again. */

/** Bytes in the file for one of each. */
export const MEASURED_BYTES = {
  /** of a Box 3, with min and max of single cycles; a Box 2 takes half */
  measurement: 146,
  /** one minute of one box */
  trend: 182,
  /** ten minutes of one box: with its 60 values of frequency it needs an overflow page */
  aggregate: 4670,
  /** besides its samples and the times of its cycles */
  waveform: 600,
  incident: 950,
} as const;

/** Measurements of one box per second: one each ten cycles. */
const MEASUREMENTS_PER_SECOND = 6;
const DAY_S = 86_400;
const SAMPLES_PER_SECOND = 12_000;
const BYTES_PER_SAMPLE = 2;
const CYCLES_PER_SECOND = 60;
const BYTES_PER_CYCLE = 8;

export interface SizeQuestion {
  boxes: number;
  /** events per day */
  events: number;
  /** boxes that reply to one event */
  boxesPerEvent: number;
  /** length of a waveform */
  seconds: number;
  /** how long measurements are kept */
  measurementDays: number;
  /** how long events are kept; undefined: for good */
  eventDays: number | undefined;
}

export interface SizePart {
  what: 'measurements' | 'trends' | 'ten-minute values' | 'events with waveforms' | 'incidents';
  bytesPerDay: number;
  /** days that they are kept; undefined: for good */
  days: number | undefined;
}

/** What each kind adds in a day, and how long it stays. Two-hour values are less than a hundredth of the ten-minute ones, and left out. */
export function sizeParts(question: SizeQuestion): SizePart[] {
  const { boxes, boxesPerEvent, eventDays, events, measurementDays, seconds } = question;
  const samples = seconds * (SAMPLES_PER_SECOND * BYTES_PER_SAMPLE + CYCLES_PER_SECOND * BYTES_PER_CYCLE);
  const waveforms = events * boxesPerEvent;
  const measurements = boxes * MEASUREMENTS_PER_SECOND * DAY_S;
  return [
    {
      what: 'measurements',
      bytesPerDay: measurements * MEASURED_BYTES.measurement,
      days: measurementDays,
    },
    { what: 'trends', bytesPerDay: (boxes * DAY_S * MEASURED_BYTES.trend) / 60, days: undefined },
    {
      what: 'ten-minute values',
      bytesPerDay: (boxes * DAY_S * MEASURED_BYTES.aggregate) / 600,
      days: undefined,
    },
    {
      what: 'events with waveforms',
      bytesPerDay: waveforms * (MEASURED_BYTES.waveform + samples),
      days: eventDays,
    },
    // One for each waveform at most as a rule; they live for a year.
    { what: 'incidents', bytesPerDay: waveforms * MEASURED_BYTES.incident, days: 365 },
  ];
}

/** Bytes after so many days. */
export function sizeAfter(parts: readonly SizePart[], days: number): number {
  return parts.reduce((sum, part) => sum + part.bytesPerDay * Math.min(days, part.days ?? days), 0);
}
