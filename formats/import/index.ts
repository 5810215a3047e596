/** The door of the folder: recordings of other instruments, as what a store holds. */
export { type ImportedRecording, type ImportOptions, importedFrom } from './recordings.js';
export { calibrationFor, countsOf } from './waveforms.js';
