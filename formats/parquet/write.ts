/**
 * Writes our tables as Parquet, a row group at a time: what was appended is taken out as bytes, so that a file of any length needs the memory of
 * one row group (and some hundred bytes a group for the footer).
 */
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import { VERSION } from '../../common/version.js';
import { unwritable } from '../problems.js';
import { COMPRESSORS, type Codec, DEFAULT_CODEC } from './codecs.js';
import { MAX_VALUE } from './delta.js';
import { deltaChunk, type Runs, runsChunk } from './pages.js';
import { isInteger, schemaOf } from './schema.js';
import { type Column, type Row, TABLES, type TableName, unitsOf } from './tables.js';

/** Key of the file's metadata that says what it is: JSON of table and units. */
export const METADATA_KEY = 'opq-makai';

export interface ParquetOptions {
  /** zstd where this Node has it, else gzip */
  codec?: Codec;
  /** rows of a row group */
  rowsAGroup?: number;
}

abstract class Table {
  readonly #bytes = new ByteWriter(1 << 16);
  protected readonly writer: ParquetWriter;
  protected readonly codec: Codec;
  protected readonly rowsAGroup: number;

  constructor(table: TableName, rows: number, { codec = DEFAULT_CODEC, rowsAGroup = rows }: ParquetOptions) {
    this.codec = codec;
    this.rowsAGroup = rowsAGroup;
    this.writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(TABLES[table]),
      codec,
      compressors: COMPRESSORS,
      kvMetadata: [{ key: METADATA_KEY, value: JSON.stringify({ table, units: unitsOf(TABLES[table]) }) }],
      createdBy: `opq-makai version ${VERSION}`,
    });
  }

  protected get bytes(): ByteWriter {
    return this.#bytes;
  }

  /** Row groups in the file so far. */
  get groups(): number {
    return this.writer.row_groups.length;
  }

  /** The bytes that are ready, which come next in the file. */
  take(): Uint8Array {
    const taken = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return taken;
  }

  protected abstract group(): void;

  /** The rest of the file, its footer included. Nothing can be appended after it. */
  finish(): Uint8Array {
    this.group();
    void this.writer.finish();
    return this.take();
  }
}

/** Documents: measurements, trends, events, incidents. */
export class DocumentTable extends Table {
  readonly #columns: readonly Column[];
  #rows: Row[] = [];

  constructor(table: Exclude<TableName, 'waveforms'>, options: ParquetOptions = {}) {
    super(table, 16_384, options);
    this.#columns = TABLES[table];
  }

  append(row: Row): void {
    this.#rows.push(row);
    if (this.#rows.length >= this.rowsAGroup) this.group();
  }

  protected override group(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    this.#rows = [];
    const columnData = this.#columns.map((column): ColumnSource => {
      const { name } = column;
      const data = rows.map((row) => row[name]);
      return 'type' in column && isInteger(column.type)
        ? { name, data, encoding: 'DELTA_BINARY_PACKED' }
        : { name, data };
    });
    void this.writer.write({ columnData, rowGroupSize: rows.length });
  }
}

/** Samples of one box in one event that follow each other at one rate. */
export interface WaveformRun {
  event_id: number;
  box_id: string;
  location: string;
  /** counts per volt */
  calibration_constant: number;
  /** Unix time of the first sample, microseconds */
  startUs: number;
  /** from one sample to the next, microseconds */
  stepUs: number;
  counts: Int16Array;
}

/** Waveforms, one row a sample. */
export class WaveformTable extends Table {
  #runs: WaveformRun[] = [];
  #rows = 0;

  constructor(options: ParquetOptions = {}) {
    super('waveforms', 131_072, options);
  }

  /** @throws MakaiError for times that a timestamp of microseconds cannot be */
  append(run: WaveformRun): void {
    const endUs = run.startUs + run.counts.length * run.stepUs;
    if (!(Math.abs(run.startUs) <= MAX_VALUE && Math.abs(endUs) <= MAX_VALUE)) {
      const what = `box ${run.box_id} in event ${run.event_id} begins at ${run.startUs / 1000} ms`;
      throw unwritable('Parquet', what, 'Its times are damaged; leave the event out.');
    }
    for (let from = 0; from < run.counts.length; ) {
      const taken = Math.min(run.counts.length - from, this.rowsAGroup - this.#rows);
      this.#runs.push({
        ...run,
        startUs: run.startUs + from * run.stepUs,
        counts: run.counts.subarray(from, from + taken),
      });
      this.#rows += taken;
      from += taken;
      if (this.#rows >= this.rowsAGroup) this.group();
    }
  }

  protected override group(): void {
    const [runs, rows] = [this.#runs, this.#rows];
    if (rows === 0) return;
    this.#runs = [];
    this.#rows = 0;
    const from = this.bytes.offset;
    const [, ...elements] = this.writer.schema;
    const runsOf = <T>(value: (run: WaveformRun) => T): Runs<T> =>
      runs.map((run) => [value(run), run.counts.length] as const);
    const [ids, counts, times] = columnsOf(runs, rows);
    const columns = elements.map((element) => {
      const chunk = { writer: this.bytes, element, codec: this.codec, rows };
      switch (element.name) {
        case 'event_id':
          return deltaChunk(chunk, ids, boundsOf(ids, Number));
        case 'counts':
          return deltaChunk(chunk, counts, boundsOf(counts, Number));
        case 'timestamp_us':
          return deltaChunk(chunk, times, boundsOf(times, BigInt));
        case 'calibration_constant':
          return runsChunk(
            chunk,
            runsOf((run) => run.calibration_constant),
          );
        default:
          return runsChunk(
            chunk,
            runsOf((run) => (element.name === 'box_id' ? run.box_id : run.location)),
          );
      }
    });
    const size = columns.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n);
    this.writer.num_rows += BigInt(rows);
    this.writer.row_groups.push({
      columns,
      total_byte_size: size,
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(this.bytes.offset - from),
    });
  }
}

/** Event, counts and Unix microseconds of each sample. */
function columnsOf(runs: readonly WaveformRun[], rows: number): [Int32Array, Int16Array, Float64Array] {
  const ids = new Int32Array(rows);
  const counts = new Int16Array(rows);
  const times = new Float64Array(rows);
  let at = 0;
  for (const run of runs) {
    const { length } = run.counts;
    ids.fill(run.event_id, at, at + length);
    counts.set(run.counts, at);
    for (let i = 0; i < length; i += 1) times[at + i] = Math.round(run.startUs + i * run.stepUs);
    at += length;
  }
  return [ids, counts, times];
}

function boundsOf<T extends number | bigint>(
  values: Int32Array | Int16Array | Float64Array,
  as: (value: number) => T,
): { min: T; max: T } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min: as(min), max: as(max) };
}
