/** `npm run bench -- parquet`: Parquet of ours against the library called bare, with the same encodings and codec, in the same run. */
import { gzipSync } from 'node:zlib';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import {
  DocumentTable,
  ParquetContent,
  type Row,
  TABLES,
  type TableName,
  WaveformTable,
} from '../formats/parquet/index.js';
import { isInteger, schemaOf } from '../formats/parquet/schema.js';
import { type Benchmark, type Comparison, compare } from './compare.js';

const GOAL = 0.8;
const BARE = 'the library bare';
const SAMPLES = 120_000;
const EVENTS = 2;
const ROWS = 20_000;
const MB = 1e6;

/** One box in one event: ten seconds, a sine with noise. */
const counts = Int16Array.from({ length: SAMPLES }, (_, i) =>
  Math.round(17_000 * Math.sin((2 * Math.PI * i) / 200) + 40 * Math.sin(i * i)),
);
const RUN = { box_id: '1001', location: 'oahu', calibration_constant: 147.06, stepUs: 250 / 3, counts };
const START_US = 1_509_577_000_000_000;

function ours(): number {
  const table = new WaveformTable({ codec: 'GZIP' });
  return rate(2 * SAMPLES * EVENTS, () => {
    for (let i = 0; i < EVENTS; i += 1) {
      table.append({ ...RUN, event_id: i, startUs: START_US + i * 60_000_000 });
      table.take();
    }
    table.finish();
  });
}

/** What a program would write that has the samples and the library. */
function bare(): number {
  const writer = new ByteWriter();
  const table = parquetWriter('waveforms', writer);
  return rate(2 * SAMPLES * EVENTS, () => {
    for (let i = 0; i < EVENTS; i += 1) {
      const startUs = START_US + i * 60_000_000;
      const data: Readonly<Record<string, ColumnSource['data']>> = {
        event_id: new Int32Array(SAMPLES).fill(i),
        box_id: new Array<string>(SAMPLES).fill(RUN.box_id),
        location: new Array<string>(SAMPLES).fill(RUN.location),
        timestamp_us: BigInt64Array.from({ length: SAMPLES }, (_, at) =>
          BigInt(Math.round(startUs + at * RUN.stepUs)),
        ),
        counts: Int32Array.from(counts),
        calibration_constant: new Float64Array(SAMPLES).fill(RUN.calibration_constant),
      };
      void table.write({ columnData: columnsOf('waveforms', data), rowGroupSize: 131_072 });
    }
    void table.finish();
  });
}

function parquetWriter(table: TableName, writer: ByteWriter): ParquetWriter {
  const compressors = { GZIP: (bytes: Uint8Array) => gzipSync(bytes, { level: 1 }) };
  return new ParquetWriter({ writer, schema: schemaOf(TABLES[table]), codec: 'GZIP', compressors });
}

function columnsOf(table: TableName, data: Readonly<Record<string, ColumnSource['data']>>): ColumnSource[] {
  return TABLES[table].map((column) => {
    const source = { name: column.name, data: data[column.name] ?? [] };
    const isWhole = 'type' in column && isInteger(column.type);
    return isWhole ? { ...source, encoding: 'DELTA_BINARY_PACKED' } : source;
  });
}

const measurements: readonly Row[] = Array.from({ length: ROWS }, (_, i) => ({
  box_id: String(1000 + (i % 100)),
  timestamp_ms: 1_509_577_000_000 + 80 * i,
  voltage: 120 + Math.sin(i) / 20,
  frequency: 60 + Math.sin(i / 7) / 50,
  thd: 0.02,
  expire_at: 1_600_000_000,
}));

function ourDocuments(): number {
  const table = new DocumentTable('measurements', { codec: 'GZIP' });
  return rate(JSON.stringify(measurements).length, () => {
    for (const row of measurements) table.append(row);
    table.finish();
  });
}

function bareDocuments(): number {
  const table = parquetWriter('measurements', new ByteWriter());
  return rate(JSON.stringify(measurements).length, () => {
    for (let from = 0; from < ROWS; from += 16_384) {
      const rows = measurements.slice(from, from + 16_384);
      const data = Object.fromEntries(
        TABLES.measurements.map(({ name }) => [name, rows.map((row) => row[name])]),
      );
      void table.write({ columnData: columnsOf('measurements', data), rowGroupSize: rows.length });
    }
    void table.finish();
  });
}

const written = (() => {
  const table = new WaveformTable({ codec: 'GZIP' });
  table.append({ ...RUN, event_id: 1, startUs: START_US });
  return table.finish();
})();

function reading(): number {
  return rate(2 * SAMPLES, () => {
    for (const [values] of new ParquetContent(written, 'x').columns('counts', 'timestamp_us'))
      if (values === undefined) throw new Error('no values');
  });
}

/** MB a second. */
function rate(bytes: number, run: () => void): number {
  const start = performance.now();
  run();
  return bytes / MB / ((performance.now() - start) / 1000);
}

export const parquet: Benchmark = {
  name: 'parquet',
  long: true,
  what: 'waveforms and measurements into Parquet, against the library called bare',
  run: async ({ rounds }): Promise<Comparison[]> => [
    await compare(
      {
        title: 'waveforms → Parquet, gzip (MB of int16 samples)',
        unit: 'MB a second',
        better: 'higher',
        baseline: BARE,
        goals: [{ contender: 'ours', ratio: GOAL }],
        contenders: [
          { name: BARE, once: bare },
          { name: 'ours', once: ours },
          { name: 'reading it', once: reading },
        ],
      },
      rounds,
    ),
    await compare(
      {
        title: 'measurements → Parquet, gzip (MB of their JSON)',
        unit: 'MB a second',
        better: 'higher',
        baseline: BARE,
        goals: [{ contender: 'ours', ratio: GOAL }],
        contenders: [
          { name: BARE, once: bareDocuments },
          { name: 'ours', once: ourDocuments },
        ],
      },
      rounds,
    ),
  ],
};
