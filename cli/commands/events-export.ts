/** `makai events export`. */
import type { Command } from 'commander';
import { MakaiError } from '../../common/errors.js';
import { type EventParts, eventExporter } from '../../formats/export/index.js';
import type { BoxDocument, EventDocument, Store } from '../../store/store.js';
import { UsageError } from '../errors.js';
import { type ExportChoice, ExportFiles, withExportOptions } from '../export-files.js';
import { clean } from '../output.js';
import { parseCount, parseTime } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { CSV_HEADER, WaveformCsv } from '../waveform-csv.js';
import { samplesOf } from '../waveform-summary.js';

interface Choice extends StoreChoice, ExportChoice {
  csv?: true;
  all?: true;
  from?: string;
  to?: string;
  type?: string;
  box?: string;
}

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
    .option('--box <id>', 'only the waveforms of this box');
  withExportOptions(command)
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
  const numbers = ids.map((id) => parseCount('<id>', id));
  const range = {
    ...(options.from === undefined ? {} : { fromMs: parseTime('--from', options.from) }),
    ...(options.to === undefined ? {} : { toMs: parseTime('--to', options.to) }),
  };
  const format = options.format ?? 'csv';
  const files = new ExportFiles(format, options, 'events', byRange ? undefined : ids.length);
  await useStore(options, async (store) => {
    try {
      // Every id is looked up before anything is written.
      for (const id of numbers) await eventOf(store, id);
      const boxes = new Map((await store.boxes()).map((box) => [box.box_id, box]));
      const csv = new WaveformCsv();
      const nominal = (await store.makaiConfig())?.triggering.default_ref_f;
      const exporter = eventExporter(format, {
        ...(nominal === undefined ? {} : { nominalFrequencyHz: nominal }),
        nowMs: Date.now(),
        skipped: warn,
        csv: { header: CSV_HEADER, rows: (...given) => csv.rows(...given) },
      });
      for await (const event of byRange ? store.events(range) : eventsOf(store, numbers)) {
        if (options.type !== undefined && event.type !== options.type) continue;
        await files.write(exporter.add(await partsOf(store, event, boxes, options.box)));
        files.counted();
      }
      await files.write(exporter.finish());
      await files.end();
    } finally {
      await files.close();
    }
  });
}

async function* eventsOf(store: Store, ids: readonly number[]): AsyncGenerator<EventDocument> {
  for (const id of ids) yield await eventOf(store, id);
}

async function partsOf(
  store: Store,
  event: EventDocument,
  boxes: ReadonlyMap<string, BoxDocument>,
  only: string | undefined,
): Promise<EventParts> {
  const parts = [];
  for (const boxEvent of await store.boxEvents(event.event_id)) {
    if (only !== undefined && boxEvent.box_id !== only) continue;
    const bytes = await store.waveform(boxEvent.data_fs_filename);
    if (bytes === undefined)
      warn(`event ${event.event_id}: the waveform of box ${boxEvent.box_id} is missing`);
    else parts.push({ boxEvent, box: boxes.get(boxEvent.box_id), counts: samplesOf(bytes) });
  }
  return { event, boxes: parts };
}

function warn(text: string): void {
  process.stderr.write(`${clean(text)}\n`);
}

/** @throws MakaiError NOT_FOUND */
export async function eventOf(store: Store, id: number): Promise<EventDocument> {
  const event = await store.event(id);
  if (event !== undefined) return event;
  throw new MakaiError('NOT_FOUND', `there is no event ${id} in this store`, {
    hint: '`makai events list` shows the events.',
  });
}
