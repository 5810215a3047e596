/** Signal analysis of mains voltage, shared by the simulated box and the plugins: plain TypeScript, written to be checked by eye. */
export { createSignalAnalyser, type SignalAnalyser } from './box-analyser/analyser.js';
export { type FrequencyOptions, frequency, hannKernel, risingCrossings } from './box-analyser/frequency.js';
export { type Grouping, type HarmonicOptions, harmonicRms, lineRms, thd } from './box-analyser/harmonics.js';
export { cycleRms, firstRisingZero, halfCycleRms, rms } from './box-analyser/rms.js';
export { TRANSIENT_TAPS, transientKernel, transientMagnitude } from './box-analyser/transient.js';
export { highPassKernel, lowPassKernel, sinc } from './fir.js';
export { type SampleRun, sampleRuns } from './sample-times.js';
