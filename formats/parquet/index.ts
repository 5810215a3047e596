/** The door of the folder: Parquet, read and written. */
export { ParquetContent, readParquet } from './read.js';
export { type Row, TABLES, type TableName } from './tables.js';
export { DocumentTable, METADATA_KEY, type WaveformRun, WaveformTable } from './write.js';
