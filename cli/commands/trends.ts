/** `makai trends <box>`. */
import type { Command } from 'commander';
import type { MinMaxAverage, TrendDocument } from '../../store/store.js';
import { exportDocuments, VALUE_FORMATS } from '../document-export.js';
import { type ExportChoice, withExportOptions } from '../export-files.js';
import { type Column, print } from '../output.js';
import { oldestFirst, parseRange, type RangeOptions, withRangeOptions } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { isoTime } from '../time.js';

export function register(program: Command): void {
  const command = program
    .command('trends')
    .description(
      'Print the one-minute trends of a box: min, average and max. The time is the end of the minute.',
    )
    .argument('<box>', 'box id');
  withStoreOptions(withExportOptions(withRangeOptions(command, 'trends'), VALUE_FORMATS)).action(list);
}

async function list(box: string, options: RangeOptions & StoreChoice & ExportChoice): Promise<void> {
  const { format } = options;
  const range = parseRange(format === undefined ? options : { ...options, json: true });
  await useStore(options, (store) => {
    const found = oldestFirst(range, (part) => store.trends(box, part));
    if (format !== undefined) return exportDocuments('trends', box, found, format, options);
    return print(
      found,
      [
        { title: 'until (UTC)', value: (trend) => isoTime(trend.timestamp_ms) },
        minAverageMax('Hz', (trend) => trend.frequency, 3),
        minAverageMax('V', (trend) => trend.voltage, 2),
        minAverageMax('THD %', (trend) => trend.thd, 2, 100),
        minAverageMax('transient', (trend) => trend.transient, 2),
        { title: 'flagged %', value: (trend) => percent(trend.flagged), right: true },
        { title: 'location', value: (trend) => trend.location },
      ],
      options,
    );
  });
}

function percent(share: number | undefined): string | undefined {
  return share === undefined ? undefined : (100 * share).toFixed(1);
}

/** A column of "min average max". */
function minAverageMax(
  title: string,
  of: (trend: TrendDocument) => MinMaxAverage | undefined,
  decimals: number,
  factor = 1,
): Column<TrendDocument> {
  const value = (trend: TrendDocument): string | undefined => {
    const metric = of(trend);
    if (metric === undefined) return undefined;
    return [metric.min, metric.average, metric.max].map((x) => (factor * x).toFixed(decimals)).join(' ');
  };
  return { title, value, right: true };
}
