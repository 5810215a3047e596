/** COMTRADE, read and written. */
export { comtradeFiles } from './files.js';
export type { ComtradeParts } from './parts.js';
export { readCff, readComtrade } from './read.js';
export { Records } from './records.js';
export { type ComtradeWriteOptions, writeComtrade } from './write.js';
