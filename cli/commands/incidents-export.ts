/** `makai incidents export`. */
import type { Command } from 'commander';
import type { ExportFormat } from '../../formats/export/index.js';
import { UsageError } from '../errors.js';
import { type ExportChoice, ExportFiles, withExportOptions } from '../export-files.js';
import {
  type IncidentChoice,
  incidentFilter,
  incidentQuery,
  withIncidentChoice,
} from '../incident-choice.js';
import { parseCount } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { eachOf, incidentOf } from '../stored.js';

interface Choice extends StoreChoice, ExportChoice, IncidentChoice {
  all?: true;
}

/** Formats for documents; the others are for waveforms and values. */
const FORMATS: readonly ExportFormat[] = ['csv', 'ndjson', 'parquet'];

export function register(incidents: Command): void {
  const command = incidents
    .command('export')
    .description(
      'Export incidents. csv (the default) has a row for each, without its measurements; ndjson and parquet have everything. Their waveforms: `makai events export`.',
    )
    .argument('[id...]', 'incident ids')
    .option('--all', 'all incidents, in place of incident ids')
    .option('--from <time>', 'incidents that begin at this time or later, in place of incident ids')
    .option('--to <time>', 'incidents that begin before this time');
  withExportOptions(withIncidentChoice(command), FORMATS).option(
    '--json',
    'with --out: the files that were written, as NDJSON',
  );
  withStoreOptions(command).action(run);
}

async function run(ids: string[], options: Choice): Promise<void> {
  const { all, box, class: name, event, from, location, to } = options;
  const byRange = all === true || (from ?? to ?? box ?? name ?? location ?? event) !== undefined;
  if (ids.length > 0 === byRange)
    throw new UsageError(
      'give incident ids, or --all, or some of --from, --to, --box, --class, --location and --event',
    );
  const numbers = ids.map((id) => parseCount('<id>', id));
  const query = incidentQuery(options);
  const fits = incidentFilter(options);
  const format = options.format ?? 'csv';
  const { incidentExporter } = await import('../../formats/export/index.js');
  const files = new ExportFiles(format, options, 'incidents', byRange ? undefined : ids.length);
  await useStore(options, async (store) => {
    try {
      // Every id is looked up before anything is written.
      for (const id of numbers) await incidentOf(store, id);
      const exporter = incidentExporter(format);
      for await (const incident of byRange ? store.incidents(query) : eachOf(store, numbers, incidentOf)) {
        if (!fits(incident)) continue;
        await files.write(exporter.add(incident));
        files.counted();
      }
      await files.write(exporter.finish());
      await files.end();
    } finally {
      files.close();
    }
  });
}
