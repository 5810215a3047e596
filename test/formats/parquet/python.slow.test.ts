/** pyarrow and DuckDB read what we write: every value, type and encoding. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import {
  DocumentTable,
  type Row,
  TABLES,
  type TableName,
  WaveformTable,
} from '../../../formats/parquet/index.js';
import { pythonWith } from '../../support/python.js';

const T = 1_509_577_000_123;

interface Seen {
  schema: Record<string, string>;
  metadata: Record<string, string>;
  created_by: string;
  groups: number;
  columns: Record<string, { type: string; encodings: string[]; compression: string }>;
  arrow: Row[];
  duckdb_types: Record<string, string>;
  duckdb: Row[];
}

const DOCUMENTS: Readonly<Record<Exclude<TableName, 'waveforms'>, readonly Row[]>> = {
  measurements: [
    {
      box_id: '1001',
      timestamp_ms: T,
      voltage: 120.25,
      frequency: 59.99,
      thd: 0.02,
      expire_at: 1_600_000_000,
    },
    { box_id: '1001', timestamp_ms: T + 1, voltage: 119, invalid: ['thd', 'frequency'] },
    { box_id: '1002', timestamp_ms: T + 2, transient: 7.5, extremes: { voltage: { min: 1, max: 2 } } },
  ],
  trends: [
    {
      box_id: '1001',
      timestamp_ms: T,
      location: 'oahu',
      voltage: { min: 119, max: 121, average: 120 },
      expire_at: 253402300799,
    },
    { box_id: '1002', timestamp_ms: T, location: '', thd: { min: 0, max: 0.5, average: 0.25 } },
  ],
  events: [
    {
      event_id: 7,
      type: 'VOLTAGE',
      description: 'an "é" and 電',
      boxes_triggered: ['1001', '1002'],
      boxes_received: [],
      latencies_ms: [T, T + 5],
      percent_magnitude: 12.5,
      target_event_start_timestamp_ms: T,
      target_event_end_timestamp_ms: T + 500,
      expire_at: 1_600_000_000,
    },
    {
      event_id: 2_147_483_647,
      description: '',
      boxes_triggered: [],
      boxes_received: ['1001'],
      target_event_start_timestamp_ms: 0,
      target_event_end_timestamp_ms: T,
    },
  ],
  incidents: [
    {
      incident_id: 1,
      event_id: -1,
      box_id: '1001',
      start_timestamp_ms: T,
      location: 'oahu',
      measurement_type: 'VOLTAGE',
      deviation_from_nominal: -20.5,
      measurements: [{ voltage: 100 }],
      gridfs_filename: 'incident_1',
      classifications: ['VOLTAGE_SAG', 'ITIC_NO_DAMAGE'],
      ieee_duration: 'INSTANTANEOUS',
      annotations: [],
      metadata: { depth: 1 },
      source: 'makai',
      group: { group_id: 1, box_ids: ['1001', '1002'] },
    },
  ],
};

/** As the Python program gives them: times in microseconds, JSON as text. */
function expected(table: Exclude<TableName, 'waveforms'>): Row[] {
  return DOCUMENTS[table].map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const column = TABLES[table].find((one) => one.name === name);
        const type = column !== undefined && 'type' in column ? column.type : '';
        if (type === 'json') return [name, JSON.stringify(value)];
        if (type !== 'timestamp_ms') return [name, value];
        return [name, Array.isArray(value) ? value.map((ms: number) => ms * 1000) : (value as number) * 1000];
      }),
    ),
  );
}

describe('Parquet, as pyarrow and DuckDB read it', function () {
  this.timeout(600_000);
  let python: string | undefined;
  let folder: string;

  before(async function () {
    python = await pythonWith('pyarrow==26.0.1', 'duckdb==2.0.1');
    if (python === undefined) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'makai-parquet-'));
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  async function seenBy(bytes: Uint8Array): Promise<Seen> {
    const file = join(folder, 'x.parquet');
    await writeFile(file, bytes);
    const script = join(PACKAGE_ROOT, 'test/formats/parquet/read_parquet.py');
    const options = { timeout: 300_000, maxBuffer: 2 ** 28 };
    const { stdout } = await promisify(execFile)(python ?? 'python3', [script, file], options);
    return JSON.parse(stdout) as Seen;
  }

  /** Whole numbers are packed as differences, never split into bytes, which DuckDB does not read for them. */
  function checkEncodings({ columns }: Seen): void {
    for (const [name, { type, encodings }] of Object.entries(columns)) {
      assert.ok(!encodings.includes('BYTE_STREAM_SPLIT'), name);
      if (/^INT/.test(type)) assert.deepEqual(encodings, ['DELTA_BINARY_PACKED'], name);
    }
  }

  for (const table of ['measurements', 'trends', 'events', 'incidents'] as const) {
    it(`${table}: both see every value`, async () => {
      const file = new DocumentTable(table, { codec: 'GZIP', rowsAGroup: 2 });
      for (const row of DOCUMENTS[table]) file.append(row);
      const seen = await seenBy(file.finish());
      checkEncodings(seen);
      assert.deepEqual(seen.arrow, expected(table));
      assert.deepEqual(seen.duckdb, expected(table));
      assert.match(seen.metadata['opq-makai'] ?? '', new RegExp(`"table":"${table}"`));
      assert.match(seen.created_by, /^opq-makai version /);
    });
  }

  it('waveforms: both see every sample, over row groups, boxes and events', async () => {
    const file = new WaveformTable({ codec: 'GZIP', rowsAGroup: 700 });
    const rows: Row[] = [];
    for (const [n, box_id] of ['1001', '1002', '1001'].entries()) {
      const counts = Int16Array.from({ length: 1000 }, (_, i) =>
        i === 0 ? -32_768 : i === 1 ? 32_767 : Math.round(17_000 * Math.sin((2 * Math.PI * i) / 200)) + n,
      );
      const run = {
        event_id: 7 + n,
        box_id,
        location: n === 1 ? 'hilo' : 'oahu',
        calibration_constant: 147.06 + n,
        startUs: T * 1000 + n * 3_600_000_000,
        stepUs: 250 / 3,
      };
      file.append({ ...run, counts });
      for (const [i, count] of counts.entries()) {
        const { startUs, stepUs, ...rest } = run;
        rows.push({ ...rest, timestamp_us: Math.round(startUs + i * stepUs), counts: count });
      }
    }
    const seen = await seenBy(file.finish());
    checkEncodings(seen);
    assert.equal(seen.groups, 5);
    assert.deepEqual(seen.schema, {
      event_id: 'int32',
      box_id: 'string',
      location: 'string',
      timestamp_us: 'timestamp[us, tz=UTC]',
      counts: 'int16',
      calibration_constant: 'double',
    });
    assert.equal(seen.duckdb_types.timestamp_us, 'TIMESTAMP WITH TIME ZONE');
    // Times of a group begin where the last ended: to the microsecond.
    const near = (row: Row, i: number): Row => {
      const want = rows[i]?.timestamp_us as number;
      assert.ok(Math.abs((row.timestamp_us as number) - want) <= 1, `row ${i}`);
      return { ...row, timestamp_us: want };
    };
    assert.deepEqual(seen.arrow.map(near), rows);
    assert.deepEqual(seen.duckdb.map(near), rows);
  });
});
