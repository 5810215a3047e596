/** What a waveform says: the door of this room. README.md says what is where. */
export { createSignalAnalyser, type SignalAnalyser } from './box-analyser/analyser.js';
export { type FrequencyOptions, frequency, hannKernel, risingCrossings } from './box-analyser/frequency.js';
export { type Grouping, type HarmonicOptions, harmonicRms, lineRms, thd } from './box-analyser/harmonics.js';
export {
  type Ripple,
  rippleAt,
  THD_RANGE_HZ,
  thdAllowanceAt,
  thdLeakageAt,
  WINDOW_FREQUENCY,
} from './box-analyser/off-frequency.js';
export { cycleRms, firstRisingZero, halfCycleRms, rms } from './box-analyser/rms.js';
export { TRANSIENT_TAPS, transientKernel, transientMagnitude } from './box-analyser/transient.js';
export * from './classify/index.js';
export { highPassKernel, lowPassKernel, sinc } from './fir.js';
export { type Lamp, lampOf } from './flicker/coefficients.js';
export { Flickermeter, type FlickerOptions } from './flicker/meter.js';
export { type FlickerResult, flicker, PST_SECONDS, pltOf, pstOf, SETTLING_SECONDS } from './flicker/pst.js';
export { type Crossings, clockCrossings, zeroCrossings } from './fundamental/crossings.js';
export {
  cyclesFrequency,
  type FrequencyValue,
  frequencyValues,
  halfSecondFrequency,
} from './fundamental/frequency.js';
export { type FundamentalTrack, type TrackOptions, trackFundamental } from './fundamental/track.js';
export {
  crestFactor,
  meanSquare,
  squareSums,
  synchronousHalfCycleRms,
  windowCycles,
  windowRms,
} from './levels/half-cycle.js';
export { type Piece, resample, resampleTimed } from './resample.js';
export { type SampleRun, sampleRuns } from './sample-times.js';
export { MAX_RATE, MIN_RATE, type Samples, toVolts } from './samples.js';
export {
  harmonicGroups,
  harmonicSubgroups,
  interharmonicGroups,
  interharmonicSubgroups,
  meanOrders,
  totalDistortion,
} from './spectrum/groups.js';
export {
  HIGHEST_ORDER,
  SpectrumAnalyser,
  spectrumAnalyser,
  type WindowSpectrum,
} from './spectrum/spectrum.js';
export {
  type CycleDifferences,
  cycleDifferences,
  findTransients,
  type TransientSpan,
} from './transients/find.js';
export { measureTransient, type TransientMeasure } from './transients/measure.js';
export { findNotching, meanCycle, type Notching } from './transients/notching.js';
export { fitRing, type Ring } from './transients/ring.js';
export {
  detectVoltageEvents,
  THRESHOLDS,
  type Thresholds,
  type VoltageEvent,
} from './voltage-events/detect.js';
export { eventEdges, type Span } from './voltage-events/edges.js';
export {
  type MissingVoltage,
  missingVoltage,
  missingVoltageWave,
  phaseJump,
  pointOnWave,
  type Reference,
  referenceBeside,
} from './voltage-events/phasor.js';
export { type RapidChange, type RapidChangeOptions, rapidChanges } from './voltage-events/rapid-change.js';
