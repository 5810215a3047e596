/** The door of the folder: PQDIF, read and written. */
export { isPqdif, readPqdif } from './read.js';
export { type PqdifOptions, writePqdif } from './write.js';
