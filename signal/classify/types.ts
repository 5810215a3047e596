/** What the classification gives: incident candidates, in the words of the collection `incidents`. */

/** `measurement_type` of an incident that a waveform can show. */
export type Quantity = 'VOLTAGE' | 'FREQUENCY' | 'THD' | 'TRANSIENT';

/** `classifications` of an incident that a waveform can show. */
export type IncidentClass =
  | 'EXCESSIVE_THD'
  | 'ITIC_PROHIBITED'
  | 'ITIC_NO_DAMAGE'
  | 'VOLTAGE_SWELL'
  | 'VOLTAGE_SAG'
  | 'VOLTAGE_INTERRUPTION'
  | 'FREQUENCY_SWELL'
  | 'FREQUENCY_SAG'
  | 'FREQUENCY_INTERRUPTION'
  | 'SEMI_F47_VIOLATION'
  | 'OSCILLATORY_TRANSIENT'
  | 'IMPULSIVE_TRANSIENT'
  | 'BIPOLAR_TRANSIENT'
  | 'UNIPOLAR_TRANSIENT'
  | 'ARCING_TRANSIENT'
  | 'PERIODIC_NOTCHING'
  | 'MULTIPLE_ZERO_CROSSING_TRANSIENT'
  | 'OVERVOLTAGE'
  | 'UNDERVOLTAGE'
  | 'UNDEFINED';

/** `ieee_duration`: IEEE 1159-2019, table 2. */
export type IeeeDuration = 'INSTANTANEOUS' | 'MOMENTARY' | 'TEMPORARY' | 'SUSTAINED' | 'UNDEFINED';

/** What `metadata` may hold: it becomes JSON, or a document of the store. */
export type MetadataValue =
  | number
  | string
  | boolean
  | readonly MetadataValue[]
  | { readonly [key: string]: MetadataValue };

export type Metadata = Record<string, MetadataValue>;

/** One disturbance of one quantity. */
export interface IncidentCandidate {
  quantity: Quantity;
  /** Unix ms, with fractions */
  startMs: number;
  endMs: number;
  /** it began before the waveform, or was not over at its end: the span is what was seen */
  openStart: boolean;
  openEnd: boolean;
  /** largest deviation, signed: V from nominal, Hz from nominal, percent of the fundamental, V of the transient */
  deviation: number;
  /** the value that lies farthest off: V RMS, Hz, percent, V of the transient */
  worst: number;
  classes: IncidentClass[];
  ieeeDuration: IeeeDuration;
  /** how it was judged; names of units in the keys */
  metadata: Metadata;
}

/** Why something was not judged, or should be read with care. */
export type RemarkCode =
  | 'BAD_OPTIONS'
  | 'EMPTY'
  | 'TOO_SHORT'
  | 'CONSTANT'
  | 'CLIPPED'
  | 'GAPS'
  | 'NOT_FINITE'
  | 'NO_CALIBRATION'
  | 'WRONG_CALIBRATION'
  | 'NOT_MAINS'
  | 'RATE_TOO_LOW';

export interface Remark {
  code: RemarkCode;
  /** for a person: what was found and what follows */
  text: string;
}

/** Rounded to so many digits that count: metadata is read by people. */
export function rounded(value: number, digits = 5): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}
