/** `makai events export`. */
import { type Command, Option } from 'commander';
import type { ComtradeRevision, EventParts } from '../../formats/export/index.js';
import type { BoxEventDocument } from '../../store/documents.js';
import type { BoxDocument, EventDocument, Store } from '../../store/store.js';
import { UsageError } from '../errors.js';
import { type ExportChoice, ExportFiles, withExportOptions } from '../export-files.js';
import { clean } from '../output.js';
import { parseCount, parseTime } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { eachOf, eventOf } from '../stored.js';

interface Choice extends StoreChoice, ExportChoice {
  csv?: true;
  all?: true;
  from?: string;
  to?: string;
  type?: string;
  box?: string;
  original?: true;
  revision?: '1999' | '2013';
}

const REVISIONS: Readonly<Record<'1999' | '2013', ComtradeRevision>> = { 1999: 1999, 2013: 2013 };

export function register(events: Command): void {
  const command = events
    .command('export')
    .description(
      'Export events and their waveforms. Format csv (the default) has one row per sample: event_id, box_id, timestamp_ms (Unix ms with fractions), counts, volts. docs/data-model.md says how sample times are found.',
    )
    .argument('[id...]', 'event ids')
    .option('--all', 'all events, in place of event ids')
    .option('--from <time>', 'events from this time on, in place of event ids')
    .option('--to <time>', 'events before this time')
    .option('--type <type>', 'only events of this type, e.g. VOLTAGE_SAG')
    .option('--box <id>', 'only the waveforms of this box')
    .option('--original', 'the files that imported events came from, byte for byte, in place of a format');
  withExportOptions(command)
    .addOption(
      new Option(
        '--revision <year>',
        'with --format comtrade: its revision; 1999 for programs that read no newer one (default: 2013)',
      ).choices(['1999', '2013']),
    )
    .option('--csv', 'the same as --format csv')
    .option('--json', 'with --out: the files that were written, as NDJSON');
  withStoreOptions(command).action(run);
}

async function run(ids: string[], options: Choice): Promise<void> {
  const byRange = (options.from ?? options.to ?? options.type) !== undefined || options.all === true;
  if (ids.length > 0 === byRange)
    throw new UsageError('give event ids, or --all, or some of --from, --to and --type');
  if (options.csv && options.format !== undefined && options.format !== 'csv')
    throw new UsageError(`--csv and --format ${options.format} do not go together`);
  if (options.original && (options.format !== undefined || options.csv))
    throw new UsageError('--original and --format do not go together');
  if (options.original && options.out === undefined)
    throw new UsageError('--original writes files: name a folder with --out');
  if (options.revision !== undefined && options.format !== 'comtrade')
    throw new UsageError('--revision goes with --format comtrade');
  const numbers = ids.map((id) => parseCount('<id>', id));
  const range = {
    ...(options.from === undefined ? {} : { fromMs: parseTime('--from', options.from) }),
    ...(options.to === undefined ? {} : { toMs: parseTime('--to', options.to) }),
  };
  const format = options.format ?? 'csv';
  const { eventExporter } = await import('../../formats/export/index.js');
  const files = new ExportFiles(format, options, 'events', byRange ? undefined : ids.length);
  await useStore(options, async (store) => {
    try {
      // Every id is looked up before anything is written.
      for (const id of numbers) await eventOf(store, id);
      if (options.original) {
        await writeOriginals(
          store,
          files,
          byRange ? store.events(range) : eachOf(store, numbers, eventOf),
          options,
        );
        return;
      }
      const boxes = new Map((await store.boxes()).map((box) => [box.box_id, box]));
      const nominal = (await store.makaiConfig())?.triggering.default_ref_f;
      const exporter = eventExporter(format, {
        ...(nominal === undefined ? {} : { nominalFrequencyHz: nominal }),
        ...(options.revision === undefined ? {} : { revision: REVISIONS[options.revision] }),
        nowMs: Date.now(),
        skipped: warn,
      });
      for await (const event of byRange ? store.events(range) : eachOf(store, numbers, eventOf)) {
        if (options.type !== undefined && event.type !== options.type) continue;
        await files.write(exporter.add(await partsOf(store, event, boxes, options.box)));
        files.counted();
      }
      await files.write(exporter.finish());
      await files.end();
    } finally {
      files.close();
    }
  });
}

/** The same file of several events once; one of another content under the same name gets the event's id in front. */
async function writeOriginals(
  store: Store,
  files: ExportFiles,
  events: AsyncIterable<EventDocument>,
  { type }: Choice,
): Promise<void> {
  const written = new Map<string, string>();
  for await (const event of events) {
    if (type !== undefined && event.type !== type) continue;
    const { event_id } = event;
    const original = await store.original(event_id);
    if (original === undefined) warn(`event ${event_id} was not imported: it has no original`);
    else if (original.files.length === 0) warn(`event ${event_id}: its original is missing`);
    for (const { name, bytes } of original?.files ?? []) {
      const plain = originalName(name);
      const owner = written.get(plain.toLowerCase());
      if (owner === original?.sha256) continue;
      const file = owner === undefined ? plain : `event_${event_id}_${plain}`;
      written.set(plain.toLowerCase(), owner ?? original?.sha256 ?? '');
      await files.write([{ file, bytes, last: true }]);
    }
    files.counted();
  }
  await files.end();
}

/** The name of a file without what would lead out of the folder. */
function originalName(name: string): string {
  const plain = name.replace(/[/\\\p{Cc}]/gu, '_');
  return plain === '' || plain === '.' || plain === '..' ? '_' : plain;
}

async function partsOf(
  store: Store,
  event: EventDocument,
  boxes: ReadonlyMap<string, BoxDocument>,
  only: string | undefined,
): Promise<EventParts> {
  const { int16Of } = await import('../../formats/little-endian.js');
  const parts = [];
  for (const boxEvent of byBoxId(await store.boxEvents(event.event_id))) {
    if (only !== undefined && boxEvent.box_id !== only) continue;
    const bytes = await store.waveform(boxEvent.data_fs_filename);
    if (bytes === undefined)
      warn(`event ${event.event_id}: the waveform of box ${boxEvent.box_id} is missing`);
    else parts.push({ boxEvent, box: boxes.get(boxEvent.box_id), counts: int16Of(bytes) });
  }
  return { event, boxes: parts };
}

function warn(text: string): void {
  process.stderr.write(`${clean(text)}\n`);
}

/** In the order of the ids, whichever replied first: the same event gives the same file. Ids that are no numbers come last. */
function byBoxId(boxEvents: readonly BoxEventDocument[]): BoxEventDocument[] {
  const rank = ({ box_id }: BoxEventDocument): number =>
    /^\d+$/.test(box_id) ? Number(box_id) : Number.MAX_VALUE;
  return boxEvents.toSorted((a, b) => rank(a) - rank(b) || (a.box_id < b.box_id ? -1 : 1));
}
