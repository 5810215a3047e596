/** CSV, read and written. */
export { type CsvOptions, readCsv } from './read.js';
