/**
 * What every reader of `formats/` returns and every writer takes. A reader keeps what the file says and changes nothing: samples in the
 * file's own numbers with scale and offset, names as written, times as the file gives them. What does not agree in it becomes a warning
 * (warnings.ts); what cannot be read is a MakaiError with file and place (problems.ts).
 */
import type { Moment } from './moment.js';
import type { FormatWarning } from './warnings.js';

/** Formats as `--format` names them; `raw`: an event store's int16 counts, which nothing in the bytes identifies. */
export type FormatName = 'comtrade' | 'csv' | 'wav' | 'pqdif' | 'pqds' | 'parquet' | 'ndjson' | 'raw';

/** What a file holds. Most formats have one recording a file, PQDIF one an observation. */
export interface FileContent {
  format: FormatName;
  /** of the standard, where the format has several: '1991', '1999', '2013' for COMTRADE */
  revision?: string;
  recordings: Recording[];
  /** about the file, in the order of its reading */
  warnings: readonly FormatWarning[];
}

/** Channels that were recorded together. */
export interface Recording {
  /** what the file calls this recording: the observation in PQDIF, '' where a file has only one */
  name: string;
  /** where it was recorded: COMTRADE's station_name, PQDIF's location; '' where the file does not say */
  station: string;
  /** what recorded it: COMTRADE's rec_dev_id, a serial number; '' where the file does not say */
  device: string;
  /** moment from which the channels' times count; undefined where the file gives only relative times */
  start: Moment | undefined;
  /** what made the instrument record, where the file says it */
  trigger?: Moment | undefined;
  /** nominal frequency of the grid, Hz, already checked to be above 0; undefined where the file does not say */
  nominalFrequencyHz: number | undefined;
  /** waveforms */
  analog: AnalogChannel[];
  digital: DigitalChannel[];
  /** trends and other values that are not samples of a waveform: PQDIF's value logs, PQDS' RMS, our measurements */
  series: ValueSeries[];
  /** what else the file says of itself, by the format's own names in their own order, e.g. `rec_dev_id`, `EventType` */
  metadata: Readonly<Record<string, string>>;
}

export type SampleArray = Int16Array | Int32Array | Float32Array | Float64Array;

/** A waveform. Value of sample i, in `unit`: `scale * samples[i] + offset`, missing where `isMissing` (samples.ts) says so. */
export interface AnalogChannel {
  name: string;
  /** A, B, C, N, AB, ... as the file says; '' where it does not */
  phase: string;
  /** what is measured: COMTRADE's ccbm, our location; '' where the file does not say */
  component: string;
  /** as the file writes it, trimmed: V, kV, A; '' where it does not say. units.ts turns it into a factor */
  unit: string;
  samples: SampleArray;
  scale: number;
  offset: number;
  /** the number in `samples` that stands for a missing one; a NaN in a float array always does */
  missing?: number | undefined;
  time: TimeBase;
  /** seconds that this channel was sampled after the time base says (COMTRADE's skew) */
  skewS: number;
  /** instrument transformer, where the file says it; `side`: which side the values are of */
  transformer?: { primary: number; secondary: number; side: 'primary' | 'secondary' } | undefined;
  /** smallest and largest number that `samples` may have by the file's own words, in the numbers of `samples` */
  range?: { min: number; max: number } | undefined;
}

/** A line that is on or off. */
export interface DigitalChannel {
  name: string;
  phase: string;
  component: string;
  /** the state when nothing is wrong */
  normal: 0 | 1;
  /** 0 or 1 a sample */
  states: Uint8Array;
  time: TimeBase;
}

/**
 * When the samples of a channel were taken, in seconds after the recording's start. One object for all channels that share it.
 * `rates`: sections that follow each other without a gap, `startS` is the first sample's time; each further sample is
 * 1 / rateHz after the one before, by the rate of its own section.
 * `timestamps`: a time for each sample; not checked to rise, except where the reader says so.
 */
export type TimeBase =
  | { kind: 'rates'; startS: number; sections: readonly RateSection[] }
  | { kind: 'timestamps'; seconds: Float64Array };

export interface RateSection {
  /** samples in it, a whole number, 0 or more */
  count: number;
  /** finite, above 0 */
  rateHz: number;
}

/** Values over time that are not samples of a waveform. A quantity's minimum, maximum and average are three series of one name. */
export interface ValueSeries {
  /** quantity: 'voltage', 'frequency', 'thd', or the file's own word */
  name: string;
  phase: string;
  component: string;
  unit: string;
  /** which value of its interval */
  statistic: 'value' | 'min' | 'max' | 'average' | 'sum';
  /** NaN where one is missing */
  values: Float64Array;
  /** seconds after the recording's start, as many as values */
  seconds: Float64Array;
}

/** A file that a writer made; a COMTRADE recording is two to four of them. */
export interface WrittenFile {
  /** with the dot: '.cfg' */
  extension: string;
  bytes: Uint8Array;
}
