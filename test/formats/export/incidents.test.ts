/** Incidents as CSV, NDJSON and Parquet, read back. */
import assert from 'node:assert/strict';
import { type ExportFormat, incidentExporter } from '../../../formats/export/index.js';
import { readNdjson } from '../../../formats/ndjson/index.js';
import { ParquetContent } from '../../../formats/parquet/index.js';
import type { IncidentDocument } from '../../../store/store.js';

const T = 1_780_000_000_000;

const SAG: IncidentDocument = {
  incident_id: 7,
  event_id: 3,
  box_id: '1001',
  start_timestamp_ms: T + 5.25,
  end_timestamp_ms: T + 185.75,
  location: 'lab, left',
  measurement_type: 'VOLTAGE',
  deviation_from_nominal: -33.5,
  measurements: [{ box_id: '1001', timestamp_ms: T + 90, voltage: 86.5 }],
  gridfs_filename: 'incident_7',
  classifications: ['VOLTAGE_SAG', 'ITIC_NO_DAMAGE'],
  ieee_duration: 'INSTANTANEOUS',
  annotations: ['a "remark"\nof two lines', 'another'],
  metadata: { residual_pu: 0.72, shape: 'rectangular' },
  expire_at: 1_790_000_000,
  source: 'makai',
};
/** As another program writes it: goes on, without `source`. */
const OUTAGE: IncidentDocument = {
  ...SAG,
  incident_id: 8,
  event_id: -1,
  end_timestamp_ms: -1,
  measurement_type: 'HEALTH',
  classifications: ['OUTAGE'],
  annotations: [],
  measurements: [],
  metadata: {},
};
delete OUTAGE.source;

function exported(format: ExportFormat, all: readonly IncidentDocument[] = [SAG, OUTAGE]): Buffer {
  const exporter = incidentExporter(format);
  const chunks = [...all.flatMap((one) => [...exporter.add(one)]), ...exporter.finish()];
  assert.deepEqual([...new Set(chunks.map(({ file }) => file))], [`incidents.${format}`]);
  assert.deepEqual(
    chunks.map(({ last }) => last),
    chunks.map((_, i) => i === chunks.length - 1),
  );
  return Buffer.concat(chunks.map(({ bytes }) => bytes));
}

describe('formats/export: incidents', () => {
  it('ndjson: the documents', () => {
    assert.deepEqual([...readNdjson(exported('ndjson'), 'x.ndjson')], [SAG, OUTAGE]);
  });

  it('parquet: the documents, with times of whole milliseconds and no end where an incident goes on', () => {
    const content = new ParquetContent(exported('parquet'), 'x.parquet');
    assert.equal(content.table, 'incidents');
    assert.equal(content.units.deviation_from_nominal, 'V, Hz or %, by measurement_type');
    const { end_timestamp_ms: _, ...outage } = OUTAGE;
    assert.deepEqual(
      [...content.documents()],
      [
        { ...SAG, start_timestamp_ms: T + 5, end_timestamp_ms: T + 186 },
        { ...outage, start_timestamp_ms: T + 5 },
      ],
    );
  });

  it('csv: a row for each, lists with semicolons, fields with commas, quotes and line ends in quotes', () => {
    const [header, ...rows] = exported('csv')
      .toString()
      .split(/\n(?=\d|incident|$)/);
    assert.equal(
      header,
      'incident_id,event_id,box_id,location,start_timestamp_ms,end_timestamp_ms,measurement_type,classifications,ieee_duration,deviation_from_nominal,annotations,source,metadata',
    );
    assert.deepEqual(rows, [
      `7,3,1001,"lab, left",${T + 5.25},${T + 185.75},VOLTAGE,VOLTAGE_SAG; ITIC_NO_DAMAGE,INSTANTANEOUS,-33.5,"a ""remark""\nof two lines; another",makai,"{""residual_pu"":0.72,""shape"":""rectangular""}"`,
      `8,-1,1001,"lab, left",${T + 5.25},,HEALTH,OUTAGE,INSTANTANEOUS,-33.5,,,{}`,
      '',
    ]);
  });

  it('no incident is a file all the same', () => {
    assert.equal(new ParquetContent(exported('parquet', []), 'x.parquet').rows, 0);
    assert.match(exported('csv', []).toString(), /^incident_id.*\n$/);
  });

  it('refuses formats of waveforms and values', () => {
    for (const format of ['comtrade', 'wav', 'pqdif', 'pqds'] as const)
      assert.throws(() => incidentExporter(format), { code: 'RECORDING_INVALID', message: /no waveforms/ });
  });
});
