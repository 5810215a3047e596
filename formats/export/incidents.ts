/** Incidents in formats of documents. Their samples are those of their events, which have an export of their own. */
import type { IncidentDocument } from '../../store/store.js';
import { ndjsonLine } from '../ndjson/index.js';
import { DocumentTable } from '../parquet/index.js';
import { unwritable } from '../problems.js';
import type { Chunk, Exporter, ExportFormat } from './chunks.js';
import { Lines, quoted } from './lines.js';
import { GOES_ON, incidentRow } from './rows.js';

/** Columns of the CSV; lists are separated by semicolons, `metadata` is JSON, the end of an incident that goes on is empty. Measurements are left out: one cell would hold a thousand documents. */
const COLUMNS = [
  'incident_id',
  'event_id',
  'box_id',
  'location',
  'start_timestamp_ms',
  'end_timestamp_ms',
  'measurement_type',
  'classifications',
  'ieee_duration',
  'deviation_from_nominal',
  'annotations',
  'source',
  'metadata',
] as const satisfies readonly (keyof IncidentDocument)[];

/** @throws MakaiError for formats of waveforms and of values */
export function incidentExporter(format: ExportFormat): Exporter<IncidentDocument> {
  switch (format) {
    case 'csv':
      return new Lines('incidents.csv', `${COLUMNS.join(',')}\n`, csvLine);
    case 'ndjson':
      return new Lines('incidents.ndjson', '', ndjsonLine);
    case 'parquet':
      return new Table();
    default:
      throw unwritable(
        format.toUpperCase(),
        'incidents are no waveforms',
        'Choose csv, ndjson or parquet; export their events (makai events export) for the waveforms.',
      );
  }
}

function csvLine(incident: IncidentDocument): string {
  const { end_timestamp_ms: end } = incident;
  const shown = { ...incident, end_timestamp_ms: end === GOES_ON ? undefined : end };
  return `${COLUMNS.map((name) => quoted(cell(shown[name]))).join(',')}\n`;
}

function cell(value: IncidentDocument[(typeof COLUMNS)[number]]): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join('; ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

class Table implements Exporter<IncidentDocument> {
  readonly #file = 'incidents.parquet';
  readonly #table = new DocumentTable('incidents');

  *add(incident: IncidentDocument): Generator<Chunk> {
    const groups = this.#table.groups;
    this.#table.append(incidentRow(incident));
    if (this.#table.groups > groups) yield { file: this.#file, bytes: this.#table.take(), last: false };
  }

  *finish(): Generator<Chunk> {
    yield { file: this.#file, bytes: this.#table.finish(), last: true };
  }
}
