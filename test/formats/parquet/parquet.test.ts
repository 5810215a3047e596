/** Parquet: what is written is read again, by our own reader (pyarrow and DuckDB: python.slow.test.ts), and damaged files are refused. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MakaiError } from '../../../common/errors.js';
import { momentToMs } from '../../../formats/moment.js';
import { Bytes, delta } from '../../../formats/parquet/decode.js';
import { encodeDelta } from '../../../formats/parquet/delta.js';
import {
  DocumentTable,
  METADATA_KEY,
  ParquetContent,
  type Row,
  readParquet,
  TABLES,
  type TableName,
  type WaveformRun,
  WaveformTable,
} from '../../../formats/parquet/index.js';
import type { Column, LeafType } from '../../../formats/parquet/tables.js';
import { secondsOf } from '../../../formats/samples.js';
import { runs } from '../../support/property.js';

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
// Without -0: the library's dictionary of a column takes it for 0.
const double = fc.double({ noNaN: true }).map((value) => value + 0);
const LEAVES: Readonly<Record<LeafType, fc.Arbitrary<unknown>>> = {
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  double,
  text,
  // The library drops a key of this name.
  json: fc
    .dictionary(text, fc.jsonValue())
    .map((value) => JSON.stringify(value).replaceAll('__proto__', 'proto'))
    .map((value) => JSON.parse(value) as unknown),
  timestamp_ms: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  timestamp_us: fc.integer({ min: 0, max: 4_000_000_000_000 }).map((ms) => ms * 1000 + 7),
};

function cell(column: Column): fc.Arbitrary<unknown> {
  const one =
    'fields' in column
      ? rowsOf(column.fields)
      : column.list
        ? fc.array(LEAVES[column.type], { maxLength: 4 })
        : LEAVES[column.type];
  return column.optional ? fc.oneof(fc.constant(undefined), one) : one;
}

function rowsOf(columns: readonly Column[]): fc.Arbitrary<Row> {
  const fields = Object.fromEntries(columns.map((column) => [column.name, cell(column)]));
  return fc
    .record(fields)
    .map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)));
}

/** A group of which every field is missing is one that is there, and empty. */
function documents(
  table: Exclude<TableName, 'waveforms'>,
  rows: readonly Row[],
  rowsAGroup?: number,
): Uint8Array {
  const file = new DocumentTable(table, rowsAGroup === undefined ? {} : { rowsAGroup });
  const parts: Uint8Array[] = [];
  for (const row of rows) {
    file.append(row);
    parts.push(file.take());
  }
  parts.push(file.finish());
  return Buffer.concat(parts);
}

const RUNS: WaveformRun[] = ['1001', '1002'].map((box_id, n) => ({
  event_id: 7,
  box_id,
  location: 'oahu',
  calibration_constant: 147.06 + n,
  startUs: 1_509_577_000_000_123,
  stepUs: 250 / 3,
  counts: Int16Array.from(
    { length: 1000 },
    (_, i) => Math.round(17_000 * Math.sin((2 * Math.PI * i) / 200)) + n,
  ),
}));

const [
  RUN = {
    event_id: 0,
    box_id: '',
    location: '',
    calibration_constant: 1,
    startUs: 0,
    stepUs: 1,
    counts: new Int16Array(),
  },
] = RUNS;

function waveforms(runs: readonly WaveformRun[], rowsAGroup?: number): Uint8Array {
  const file = new WaveformTable(rowsAGroup === undefined ? {} : { rowsAGroup });
  for (const run of runs) file.append(run);
  return file.finish();
}

describe('Parquet: differences', () => {
  it('gives back whole numbers of any size', () => {
    const numbers = fc.oneof(
      fc.array(fc.integer()),
      fc.array(fc.maxSafeInteger().map((value) => Math.trunc(value / 4) + 0)),
    );
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 300 }), (some, repeat) => {
        const values = Float64Array.from([...some, ...new Array<number>(repeat).fill(some[0] ?? 5)]);
        const bytes = new Bytes(Buffer.from(encodeDelta(values)));
        if (values.length > 0) assert.deepEqual([...delta(bytes, values.length, 'INT64')], [...values]);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe('Parquet: tables of documents', () => {
  for (const table of ['measurements', 'trends', 'events', 'incidents'] as const) {
    it(`${table}: every value, in row groups`, () => {
      fc.assert(
        fc.property(fc.array(rowsOf(TABLES[table]), { minLength: 1, maxLength: 20 }), (rows) => {
          const content = new ParquetContent(documents(table, rows, 7), 'x.parquet');
          assert.equal(content.table, table);
          assert.equal(content.rows, rows.length);
          assert.deepEqual(content.warnings, []);
          assert.deepEqual([...content.documents()], rows);
        }),
        { numRuns: runs(25) },
      );
    });
  }

  it('says what it is, and the units', () => {
    const content = new ParquetContent(
      documents('trends', [{ box_id: '1', timestamp_ms: 1, location: '' }]),
      'x',
    );
    assert.equal(content.units.voltage, 'V');
    assert.match(content.metadata[METADATA_KEY] ?? '', /"table":"trends"/);
  });

  it('has a file of no rows', () => {
    const content = new ParquetContent(documents('events', []), 'x');
    assert.equal(content.rows, 0);
    assert.deepEqual([...content.documents()], []);
  });
});

describe('Parquet: waveforms', () => {
  it('gives back counts, times and constants, over row groups', () => {
    for (const rowsAGroup of [undefined, 300, 1000]) {
      const { recordings } = readParquet(waveforms(RUNS, rowsAGroup), 'x.parquet');
      assert.equal(recordings.length, 2);
      for (const [i, run] of RUNS.entries()) {
        const recording = recordings[i];
        const [channel] = recording?.analog ?? [];
        assert.ok(recording?.start !== undefined && channel !== undefined);
        assert.deepEqual(channel.samples, run.counts);
        assert.equal(channel.scale, 1 / run.calibration_constant);
        assert.equal(Math.round(momentToMs(recording.start) * 1000), run.startUs);
        const seconds = secondsOf(channel.time);
        assert.ok(seconds.every((time, at) => Math.abs(time - (at * run.stepUs) / 1e6) <= 1e-6));
        assert.deepEqual([recording.station, recording.device], ['oahu', run.box_id]);
      }
    }
  });

  it('holds one row group, however long it grows', () => {
    const file = new WaveformTable({ rowsAGroup: 1000 });
    let most = 0;
    for (let i = 0; i < 50; i += 1) {
      for (const run of RUNS) file.append(run);
      most = Math.max(most, file.take().length);
    }
    assert.equal(file.groups, 100);
    assert.ok(most < 10_000, `${most} bytes in one piece`);
  });

  it('refuses another table, and one of no rows', () => {
    assert.throws(
      () => readParquet(documents('events', []), 'x'),
      /the table of events, not that of waveforms/,
    );
    assert.throws(() => readParquet(waveforms([]), 'x'), /has no rows/);
  });
});

describe('Parquet: contradictions and damage', () => {
  const whole = Buffer.from(waveforms(RUNS, 300));
  const readAll = (bytes: Uint8Array): void => {
    const content = new ParquetContent(bytes, 'x.parquet');
    for (const _ of content.documents());
  };
  const refused = (bytes: Uint8Array): MakaiError | undefined => {
    try {
      readAll(bytes);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof MakaiError, String(error instanceof Error ? error.stack : error));
      assert.equal(error.code, 'RECORDING_INVALID');
      assert.match(error.message, /^x\.parquet/);
      return error;
    }
  };

  it('cut off anywhere is refused', () => {
    for (let length = 0; length < whole.length; length += 11)
      assert.ok(refused(whole.subarray(0, length)) !== undefined);
  });

  it('any byte of the footer falsified is refused or read, never anything else', () => {
    const footer = whole.readUInt32LE(whole.length - 8) + 8;
    let refusals = 0;
    for (let at = whole.length - footer; at < whole.length; at += 13) {
      for (const value of [0xff, 0x80]) {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        if (refused(bytes) !== undefined) refusals += 1;
      }
    }
    assert.ok(refusals > 20, String(refusals));
  });

  it('row groups that are one value over and over are not laid out past the bound', () => {
    const file = new WaveformTable();
    const counts = new Int16Array(131_072);
    for (let i = 0; i < 30; i += 1) file.append({ ...RUN, event_id: i, startUs: RUN.startUs, counts });
    const bytes = file.finish();
    assert.ok(bytes.length < 500_000, String(bytes.length));
    assert.throws(() => readParquet(bytes, 'x.parquet'), /x\.parquet: unfolds to more than \d+ bytes/);
  });

  it('a footer longer than the file names both numbers', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(bytes.length, bytes.length - 8);
    assert.match(
      refused(bytes)?.message ?? '',
      new RegExp(`footer of ${bytes.length} bytes .* file of ${bytes.length}`),
    );
  });

  it('a page that is said to be larger or smaller than it is', () => {
    // the first page: type DATA_PAGE_V2, then its two sizes, zigzag
    for (const offset of [7, 9]) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8((bytes.readUInt8(offset) ^ 0x10) & 0xff, offset);
      assert.ok(refused(bytes) !== undefined, String(offset));
    }
  });
});
