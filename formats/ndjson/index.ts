/** The door of the folder: NDJSON, read and written. */
export { readNdjson } from './read.js';
export { ndjsonChunks, ndjsonLine } from './write.js';
