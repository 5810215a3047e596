/** WAV, read and written. */
export { readWav, type WavOptions } from './read.js';
