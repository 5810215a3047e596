/** What other rooms use of the analysis service. */

export { type AnalysisService, type AnalysisServiceDeps, startAnalysisService } from './start.js';
export type { AnalysisServiceStatus } from './status.js';
export { analyseEvent } from './waveforms/event-analysis.js';
export { AnalysisPool } from './waveforms/pool.js';
export { KnownBoxes } from './waveforms/references.js';
export type { WaveformResult } from './waveforms/results.js';
