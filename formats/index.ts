/** Recordings of other programs: read, and written. */
export { isGzip, unpack } from './gzip.js';
export { type Moment, momentFromMs, momentText, momentToMs } from './moment.js';
export {
  type Opened,
  openRecording,
  originalFiles,
  type ReadOptions,
  readOpened,
  readRecording,
} from './open.js';
export { piecesOf, type TimedSamples } from './pieces.js';
export { unreadable } from './problems.js';
export { countsFromBytes, looksLikeCounts, readRaw } from './raw.js';
export type {
  AnalogChannel,
  DigitalChannel,
  FileContent,
  FormatName,
  RateSection,
  Recording,
  SampleArray,
  TimeBase,
  ValueSeries,
  WrittenFile,
} from './recording.js';
export { countOf, isMissing, secondsOf, valuesOf } from './samples.js';
export { type Voltage, type VoltageOptions, voltageOf } from './voltage.js';
export { type FormatWarning, warningText } from './warnings.js';
