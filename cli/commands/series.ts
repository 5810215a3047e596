/** `makai series list` and `export`: values that plugins computed. */
import { type Command, Option } from 'commander';
import { MakaiError } from '../../common/errors.js';
import { write } from '../../common/stdout.js';
import type { SeriesDocument, SeriesName, Store, TimeRange } from '../../store/store.js';
import { print, writeLines } from '../output.js';
import { parseTime } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';

interface Choice extends StoreChoice {
  plugin?: string;
  box?: string;
  from?: string;
  to?: string;
  format: 'csv' | 'ndjson';
}

export function register(program: Command): void {
  const series = program.command('series').description('Named series of values that plugins computed.');
  const list = series
    .command('list')
    .description('Print the series in the store.')
    .option('--json', 'NDJSON');
  withStoreOptions(list).action(listSeries);
  const command = series
    .command('export')
    .description('Print the values of a series, oldest first, one box after the other.')
    .argument('<series>', 'name of the series')
    .option('--plugin <name>', 'only of this plugin')
    .option('--box <id>', 'only of this box')
    .option('--from <time>', 'from this time on: ISO 8601 (UTC unless it has a time zone) or Unix ms')
    .option('--to <time>', 'before this time')
    .addOption(
      new Option('--format <format>', 'format of the output').choices(['csv', 'ndjson']).default('csv'),
    );
  withStoreOptions(command).action(exportSeries);
}

async function listSeries(options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) =>
    print<SeriesName>(
      await namesOf(store),
      [
        { title: 'plugin', value: ({ plugin }) => plugin },
        { title: 'series', value: ({ series }) => series },
        { title: 'box', value: (one) => one.box_id, right: true },
      ],
      options,
    ),
  );
}

async function exportSeries(series: string, options: Choice): Promise<void> {
  const range: TimeRange = {
    ...(options.from === undefined ? {} : { fromMs: parseTime('--from', options.from) }),
    ...(options.to === undefined ? {} : { toMs: parseTime('--to', options.to) }),
  };
  await useStore(options, async (store) => {
    const names = (await namesOf(store)).filter(
      (name) =>
        name.series === series &&
        (options.plugin === undefined || name.plugin === options.plugin) &&
        (options.box === undefined || name.box_id === options.box),
    );
    if (names.length === 0) {
      throw new MakaiError('NOT_FOUND', `there is no such series ${series} in this store`, {
        hint: '`makai series list` shows the series with their plugins and boxes.',
      });
    }
    const values = valuesOf(store, names, range);
    if (options.format === 'ndjson') await print(values, [], { json: true });
    else await csvLines(values);
  });
}

async function* valuesOf(
  store: Store,
  names: readonly SeriesName[],
  range: TimeRange,
): AsyncGenerator<SeriesDocument> {
  for (const name of names) yield* store.series(name, range);
}

/** In order of plugin, series and box. */
async function namesOf(store: Store): Promise<SeriesName[]> {
  return (await store.seriesNames()).toSorted(
    (a, b) =>
      a.plugin.localeCompare(b.plugin) ||
      a.series.localeCompare(b.series) ||
      Number(a.box_id) - Number(b.box_id),
  );
}

async function csvLines(values: AsyncIterable<SeriesDocument>): Promise<void> {
  const { quoted } = await import('../../formats/export/index.js');
  await write('plugin,series,box_id,timestamp_ms,value\n');
  await writeLines(
    values,
    ({ plugin, series, box_id, timestamp_ms, value }) =>
      `${[quoted(plugin), quoted(series), quoted(box_id), timestamp_ms, value].join(',')}\n`,
  );
}
