/** Signal analysis of line voltage, shared by the simulated box and the plugins: plain TypeScript, written to be checked by eye. */
export { createSignalAnalyser, type SignalAnalyser } from './analyser.js';
export { highPassKernel, lowPassKernel, sinc } from './fir.js';
export { type FrequencyOptions, frequency, hannKernel, risingCrossings } from './frequency.js';
export { type Grouping, type HarmonicOptions, harmonicRms, lineRms, thd } from './harmonics.js';
export { type Piece, resample, resampleTimed } from './resample.js';
export { cycleRms, firstRisingZero, halfCycleRms, rms } from './rms.js';
export { type SampleRun, sampleRuns } from './sample-times.js';
export { TRANSIENT_TAPS, transientKernel, transientMagnitude } from './transient.js';
