/** COMTRADE, read and written. */
export { splitCff } from './cff.js';
export { comtradeFiles } from './files.js';
export type { ComtradeParts, Part } from './parts.js';
export { type ComtradeOptions, readCff, readComtrade } from './read.js';
export { Records } from './records.js';
export { type ComtradeWriteOptions, writeComtrade } from './write.js';
