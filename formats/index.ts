/** Recordings of other programs: read, and written. */
export { isGzip, unpack } from './gzip.js';
export { momentFromMs, momentText, momentToMs } from './moment.js';
export {
  type Opened,
  openRecording,
  originalFiles,
  type ReadOptions,
  readOpened,
  readRecording,
} from './open.js';
export { piecesOf } from './pieces.js';
export { unreadable } from './problems.js';
export { countsFromBytes, looksLikeCounts, readRaw } from './raw.js';
export type {
  AnalogChannel,
  DigitalChannel,
  FileContent,
  Recording,
  SampleArray,
  TimeBase,
  WrittenFile,
} from './recording.js';
export { isMissing, secondsOf, valuesOf } from './samples.js';
export { type Voltage, type VoltageOptions, voltageOf } from './voltage.js';
export { warningText } from './warnings.js';
