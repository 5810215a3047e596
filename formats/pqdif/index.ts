/** The door of the folder: PQDIF, read and written. */
export { readPqdif } from './read.js';
export { writePqdif } from './write.js';
