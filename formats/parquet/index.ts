/** The door of the folder: Parquet, read and written. */
export type { Codec } from './codecs.js';
export { ParquetContent, readParquet } from './read.js';
export { type Row, TABLE_NAMES, TABLES, type TableName } from './tables.js';
export {
  DocumentTable,
  METADATA_KEY,
  type ParquetOptions,
  type WaveformRun,
  WaveformTable,
} from './write.js';
