/** Measurements and trends in every format that holds values, read back. */
import assert from 'node:assert/strict';
import { type DocumentKind, documentExporter, type ExportFormat } from '../../../formats/export/index.js';
import { readNdjson } from '../../../formats/ndjson/index.js';
import { ParquetContent } from '../../../formats/parquet/index.js';
import { readPqdif } from '../../../formats/pqdif/index.js';
import { readPqds } from '../../../formats/pqds/index.js';
import type { ValueSeries } from '../../../formats/recording.js';
import type { MeasurementDocument, TrendDocument } from '../../../store/store.js';

const T = 1_780_000_000_000;

const MEASUREMENTS: MeasurementDocument[] = Array.from({ length: 5 }, (_, i) => ({
  box_id: '1001',
  timestamp_ms: T + 80 * i,
  voltage: 120 + i / 8,
  frequency: 60,
  ...(i === 2 ? {} : { thd: 0.02 }),
  expire_at: 1_790_000_000,
}));

const TRENDS: TrendDocument[] = Array.from({ length: 3 }, (_, i) => ({
  box_id: '1001',
  timestamp_ms: T + 60_000 * i,
  location: 'lab, left',
  voltage: { min: 119, max: 121 + i, average: 120 },
  expire_at: 253402300799,
}));

function exported(
  kind: DocumentKind,
  format: ExportFormat,
  all: readonly (MeasurementDocument | TrendDocument)[],
): Map<string, Buffer> {
  const exporter = documentExporter(kind, format, '1001', T);
  const chunks = [...all.flatMap((document) => [...exporter.add(document)]), ...exporter.finish()];
  const files = new Map<string, Buffer>();
  for (const { file, bytes } of chunks)
    files.set(file, Buffer.concat([files.get(file) ?? Buffer.of(), bytes]));
  return files;
}

const only = (files: ReadonlyMap<string, Buffer>, name: string): Buffer => {
  assert.deepEqual([...files.keys()], [name]);
  return files.get(name) ?? Buffer.of();
};
const shown = (series: readonly ValueSeries[]): string[] =>
  series.map(({ name, statistic, unit, values }) => `${name} ${statistic} ${unit} ${values}`);

const VALUES = [
  'voltage value V 120,120.125,120.25,120.375,120.5',
  'frequency value Hz 60,60,60,60,60',
  'thd value pu 0.02,0.02,NaN,0.02,0.02',
];
const THREE = ['voltage min V 119,119,119', 'voltage max V 121,122,123', 'voltage average V 120,120,120'];

describe('formats/export: measurements and trends', () => {
  it('ndjson and parquet: the documents', () => {
    assert.deepEqual(
      [
        ...readNdjson(
          only(exported('measurements', 'ndjson', MEASUREMENTS), 'measurements_1001.ndjson'),
          'x',
        ),
      ],
      MEASUREMENTS,
    );
    const parquet = only(exported('measurements', 'parquet', MEASUREMENTS), 'measurements_1001.parquet');
    assert.deepEqual([...new ParquetContent(parquet, 'x').documents()], MEASUREMENTS);
    const trends = only(exported('trends', 'parquet', TRENDS), 'trends_1001.parquet');
    assert.deepEqual([...new ParquetContent(trends, 'x').documents()], TRENDS);
  });

  it('pqdif and pqds: series with their times', () => {
    for (const [kind, documents, step, expected] of [
      ['measurements', MEASUREMENTS, 0.08, VALUES],
      ['trends', TRENDS, 60, THREE],
    ] as const) {
      const pqdif = readPqdif(only(exported(kind, 'pqdif', documents), `${kind}_1001.pqd`), 'x');
      const pqds = readPqds(only(exported(kind, 'pqds', documents), `${kind}_1001.csv`), 'x');
      for (const { recordings, warnings } of [pqdif, pqds]) {
        assert.deepEqual(warnings, []);
        assert.deepEqual(shown(recordings[0]?.series ?? []), expected);
        assert.equal(recordings[0]?.series[0]?.seconds[1], step);
        assert.equal(recordings[0]?.start?.unixNs, BigInt(T) * 1_000_000n);
      }
    }
  });

  it('csv: a row a document, empty where a metric is missing', () => {
    const rows = only(exported('measurements', 'csv', MEASUREMENTS), 'measurements_1001.csv')
      .toString()
      .split('\n');
    assert.equal(rows[0], 'box_id,timestamp_ms,voltage,frequency,thd,transient');
    assert.equal(rows[3], `1001,${T + 160},120.25,60,,`);
    const trends = only(exported('trends', 'csv', TRENDS), 'trends_1001.csv')
      .toString()
      .split('\n');
    assert.match(trends[1] ?? '', new RegExp(`^1001,${T},"lab, left",119,121,120,,,`));
  });

  it('pqdif: a file a day of documents, and none for no document', () => {
    const many = Array.from({ length: 86_401 }, (_, i) => ({
      ...MEASUREMENTS[0],
      timestamp_ms: T + i,
    })) as MeasurementDocument[];
    assert.deepEqual(
      [...exported('measurements', 'pqdif', many).keys()],
      ['measurements_1001.pqd', 'measurements_1001-2.pqd'],
    );
    assert.equal(exported('measurements', 'pqdif', []).size, 0);
  });

  it('refuses formats of waveforms', () => {
    assert.throws(() => documentExporter('trends', 'wav', '1', T), {
      code: 'RECORDING_INVALID',
      message: /no waveforms/,
    });
  });
});
