/** Measurements and trends of one box in any format that holds values. */

import type { MeasurementDocument, TrendDocument } from '../../store/store.js';
import { momentFromMs } from '../moment.js';
import { ndjsonLine } from '../ndjson/index.js';
import { DocumentTable } from '../parquet/index.js';
import { writePqdif } from '../pqdif/index.js';
import { writePqds } from '../pqds/index.js';
import { unwritable } from '../problems.js';
import { type Chunk, type Exporter, type ExportFormat, nameOf, numbered } from './chunks.js';
import { Lines, quoted } from './lines.js';
import { measurementRow, trendRow } from './rows.js';
import { type ValueDocument, valueRecording } from './value-recording.js';

export type DocumentKind = 'measurements' | 'trends';

/** Documents of a file in formats that are written as a whole: a day of a Box 3. */
const MOST_DOCUMENTS = 86_400;
const METRICS = ['voltage', 'frequency', 'thd', 'transient'] as const;
const STATISTICS = ['min', 'max', 'average'] as const;

/**
 * @param nowMs Unix ms, for formats that say when the file was made
 * @throws MakaiError for formats of waveforms
 */
export function documentExporter(
  kind: DocumentKind,
  format: ExportFormat,
  boxId: string,
  nowMs: number,
): Exporter<ValueDocument> {
  const name = `${kind}_${nameOf(boxId)}`;
  switch (format) {
    case 'csv':
      return new Lines(`${name}.csv`, `${columnsOf(kind).join(',')}\n`, csvLine(kind));
    case 'ndjson':
      return new Lines(`${name}.ndjson`, '', ndjsonLine);
    case 'parquet':
      return new Table(kind, `${name}.parquet`);
    case 'pqdif':
    case 'pqds':
      return new Whole(name, format, boxId, nowMs);
    default:
      throw unwritable(
        format.toUpperCase(),
        `${kind} are no waveforms`,
        'Choose csv, ndjson, parquet, pqdif or pqds.',
      );
  }
}

function columnsOf(kind: DocumentKind): string[] {
  if (kind === 'measurements') return ['box_id', 'timestamp_ms', ...METRICS];
  const metrics = METRICS.flatMap((metric) => STATISTICS.map((statistic) => `${metric}_${statistic}`));
  return ['box_id', 'timestamp_ms', 'location', ...metrics];
}

function csvLine(kind: DocumentKind): (document: ValueDocument) => string {
  return (document) => {
    const { box_id, timestamp_ms } = document;
    const values = METRICS.flatMap((metric) => {
      const value = document[metric];
      if (kind === 'measurements') return [typeof value === 'number' ? value : ''];
      return STATISTICS.map((statistic) => (typeof value === 'object' ? value[statistic] : ''));
    });
    const place = 'location' in document ? [quoted(document.location)] : kind === 'trends' ? [''] : [];
    return `${[quoted(box_id), timestamp_ms, ...place, ...values].join(',')}\n`;
  };
}

class Table implements Exporter<ValueDocument> {
  readonly #table: DocumentTable;
  readonly #file: string;
  readonly #kind: DocumentKind;

  constructor(kind: DocumentKind, file: string) {
    this.#kind = kind;
    this.#file = file;
    this.#table = new DocumentTable(kind);
  }

  *add(document: ValueDocument): Generator<Chunk> {
    const groups = this.#table.groups;
    this.#table.append(
      this.#kind === 'trends'
        ? trendRow(document as TrendDocument)
        : measurementRow(document as MeasurementDocument),
    );
    if (this.#table.groups > groups) yield { file: this.#file, bytes: this.#table.take(), last: false };
  }

  *finish(): Generator<Chunk> {
    yield { file: this.#file, bytes: this.#table.finish(), last: true };
  }
}

/** A file for so many documents each. */
class Whole implements Exporter<ValueDocument> {
  #documents: ValueDocument[] = [];
  #number = 0;

  constructor(
    private readonly name: string,
    private readonly format: 'pqdif' | 'pqds',
    private readonly boxId: string,
    private readonly nowMs: number,
  ) {}

  *add(document: ValueDocument): Generator<Chunk> {
    this.#documents.push(document);
    if (this.#documents.length >= MOST_DOCUMENTS) yield* this.finish();
  }

  *finish(): Generator<Chunk> {
    if (this.#documents.length === 0) return;
    const recording = valueRecording(this.boxId, this.#documents);
    this.#documents = [];
    // Documents that have no metric at all make no file.
    if (recording.series.length === 0) return;
    this.#number += 1;
    if (this.format === 'pqds') {
      for (const { bytes, extension } of writePqds(recording))
        yield { file: numbered(this.name, this.#number, extension), bytes, last: true };
      return;
    }
    const file = numbered(this.name, this.#number, '.pqd');
    const options = { created: momentFromMs(this.nowMs), fileName: file, application: 'opq-makai' };
    yield { file, bytes: writePqdif([recording], options), last: true };
  }
}
