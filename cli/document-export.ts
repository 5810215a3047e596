/** `makai measurements` and `makai trends` with `--format`: files in place of a table. */
import type { DocumentKind, ExportFormat } from '../formats/export/index.js';
import type { MeasurementDocument, TrendDocument } from '../store/store.js';
import { type ExportChoice, ExportFiles } from './export-files.js';

/** Formats for values; the others are for waveforms. */
export const VALUE_FORMATS: readonly ExportFormat[] = ['pqdif', 'pqds', 'csv', 'parquet', 'ndjson'];

export async function exportDocuments(
  kind: DocumentKind,
  boxId: string,
  documents: AsyncIterable<MeasurementDocument | TrendDocument>,
  format: ExportFormat,
  choice: ExportChoice,
): Promise<void> {
  const { documentExporter } = await import('../formats/export/index.js');
  const files = new ExportFiles(format, choice, kind);
  try {
    const exporter = documentExporter(kind, format, boxId, Date.now());
    for await (const document of documents) {
      await files.write(exporter.add(document));
      files.counted();
    }
    await files.write(exporter.finish());
    await files.end();
  } finally {
    files.close();
  }
}
