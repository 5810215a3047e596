/** The door of the folder: NDJSON, read and written. */
export { readNdjson } from './read.js';
export { ndjsonLine } from './write.js';
