/** Waveforms become incident candidates: the door of this room. */
export {
  type AnalyseOptions,
  analyseWaveform,
  type WaveformAnalysis,
  type WaveformSummary,
} from './analyse.js';
export { THD_LIMIT } from './distortion.js';
export { en50160Cell } from './en50160.js';
export { FREQUENCY_LIMITS, type FrequencyLimits } from './frequency.js';
export { type Ieee1159, ieee1159, ieeeDuration } from './ieee1159.js';
export { type Gap, gapsOf, type WaveformOptions } from './input.js';
export {
  type IticRegion,
  type IticVerdict,
  iticLower,
  iticRegion,
  iticUpper,
  type MagnitudeTime,
  worstItic,
} from './itic.js';
export { RAPID_VOLTAGE_CHANGE } from './rapid.js';
export { measureRun, type RunMeasures } from './run-measures.js';
export { type SemiF47, semiF47, semiF47Recommended, semiF47Required } from './semi-f47.js';
export { type SagShape, type ShapeVerdict, sagShape } from './shape.js';
export type {
  IeeeDuration,
  IncidentCandidate,
  IncidentClass,
  Metadata,
  MetadataValue,
  Quantity,
  Remark,
  RemarkCode,
} from './types.js';
