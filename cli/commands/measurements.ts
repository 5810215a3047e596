/** `makai measurements <box>`. */
import type { Command } from 'commander';
import { exportDocuments, VALUE_FORMATS } from '../document-export.js';
import { type ExportChoice, withExportOptions } from '../export-files.js';
import { print } from '../output.js';
import { oldestFirst, parseRange, type RangeOptions, withRangeOptions } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { isoTime } from '../time.js';

export function register(program: Command): void {
  const command = program
    .command('measurements')
    .description('Print the stored measurements of a box.')
    .argument('<box>', 'box id');
  withStoreOptions(withExportOptions(withRangeOptions(command, 'measurements'), VALUE_FORMATS)).action(list);
}

async function list(box: string, options: RangeOptions & StoreChoice & ExportChoice): Promise<void> {
  const { format } = options;
  const range = parseRange(format === undefined ? options : { ...options, json: true });
  await useStore(options, (store) => {
    const found = oldestFirst(range, (part) => store.measurements(box, part));
    if (format !== undefined) return exportDocuments('measurements', box, found, format, options);
    return print(
      found,
      [
        { title: 'time (UTC)', value: (m) => isoTime(m.timestamp_ms) },
        { title: 'Hz', value: (m) => m.frequency?.toFixed(4), right: true },
        { title: 'V', value: (m) => m.voltage?.toFixed(3), right: true },
        { title: 'THD %', value: (m) => percent(m.thd), right: true },
        { title: 'transient', value: (m) => m.transient?.toFixed(3), right: true },
        { title: 'invalid', value: (m) => m.invalid?.join(' ') },
        { title: 'flagged', value: (m) => m.flagged?.join(' ') },
      ],
      options,
    );
  });
}

function percent(fraction: number | undefined): string | undefined {
  return fraction === undefined ? undefined : (100 * fraction).toFixed(2);
}
