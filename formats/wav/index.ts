/** WAV, read and written. */
export { readWav, type WavOptions } from './read.js';
export { type WavEncoding, type WavWriteOptions, writeWav } from './write.js';
