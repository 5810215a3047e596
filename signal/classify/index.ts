/** Waveforms become incident candidates: the door of this room. */
export { type AnalyseOptions, analyseWaveform, type WaveformAnalysis } from './analyse.js';
export { THD_LIMIT } from './distortion.js';
export { en50160Cell } from './en50160.js';
export { FREQUENCY_LIMITS } from './frequency.js';
export { ieee1159 } from './ieee1159.js';
export { gapsOf } from './input.js';
export { type IticRegion, iticLower, iticRegion, iticUpper, worstItic } from './itic.js';
export { semiF47, semiF47Recommended, semiF47Required } from './semi-f47.js';
export type { IncidentCandidate, IncidentClass } from './types.js';
