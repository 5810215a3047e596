/** `makai events list | show | export | delete | keep | unkeep`. */
import type { Command } from 'commander';
import { jsonLine, write } from '../../common/stdout.js';
import { askedBoxes, silentBoxes } from '../../store/boxes.js';
import type { EventDocument } from '../../store/store.js';
import { clean, print, table } from '../output.js';
import { oldestFirst, parseCount, parseRange, type RangeOptions, withRangeOptions } from '../range.js';
import { refusalLines } from '../refused-boxes.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { eventOf } from '../stored.js';
import { isoTime } from '../time.js';
import { register as registerDelete } from './events-delete.js';
import { register as registerExport } from './events-export.js';
import { register as registerKeep } from './events-keep.js';

export function register(program: Command): void {
  const events = program.command('events').description('Show, export and delete events and their waveforms.');
  const list = events.command('list').description('List events in the order of their requested windows.');
  withStoreOptions(withRangeOptions(list, 'events')).action(listEvents);
  const show = events
    .command('show')
    .description('Show one event: which boxes were asked, which replied, min and max voltage at each box.')
    .argument('<id>', 'event id')
    .option('--json', 'NDJSON: the event, then its box events');
  withStoreOptions(show).action(showEvent);
  registerExport(events);
  registerDelete(events);
  registerKeep(events);
}

async function listEvents(options: RangeOptions & StoreChoice): Promise<void> {
  const range = parseRange(options);
  await useStore(options, (store) =>
    print(
      oldestFirst(range, (part) => store.events(part)),
      [
        { title: 'event', value: (event) => event.event_id, right: true },
        { title: 'start (UTC)', value: (event) => isoTime(event.target_event_start_timestamp_ms) },
        { title: 'seconds', value: (event) => seconds(event), right: true },
        { title: 'type', value: (event) => event.type },
        { title: '%', value: (event) => event.percent_magnitude?.toFixed(1), right: true },
        { title: 'boxes', value: (event) => replies(event), right: true },
        {
          title: 'family',
          value: ({ event_id, family }) => (family === event_id ? undefined : family),
          right: true,
        },
        { title: 'description', value: (event) => event.description },
      ],
      options,
    ),
  );
}

async function showEvent(id: string, options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const event = await eventOf(store, parseCount('<id>', id));
    const boxEvents = await store.boxEvents(event.event_id);
    if (options.json) {
      for (const document of [event, ...boxEvents]) await write(jsonLine(document));
      return;
    }
    const { summarizeWaveform } = await import('../waveform-summary.js');
    await write(describe(event));
    const rows = [];
    for (const boxEvent of boxEvents) {
      rows.push({ boxEvent, summary: await summarizeWaveform(store, boxEvent) });
    }
    const columns = table(
      [
        { title: 'box', value: ({ summary }) => summary.box_id },
        { title: 'location', value: ({ boxEvent }) => boxEvent.location },
        { title: 'first cycle (UTC)', value: ({ boxEvent }) => isoTime(boxEvent.event_start_timestamp_ms) },
        { title: 'cycles', value: ({ boxEvent }) => boxEvent.window_timestamps_ms.length, right: true },
        { title: 'seconds', value: ({ summary }) => summary.seconds.toFixed(3), right: true },
        { title: 'min V', value: ({ summary }) => summary.rms_min.toFixed(2), right: true },
        { title: 'max V', value: ({ summary }) => summary.rms_max.toFixed(2), right: true },
      ],
      rows,
    );
    if (rows.length > 0) await write(columns);
  });
}

function describe(event: EventDocument): string {
  const { target_event_start_timestamp_ms: from, target_event_end_timestamp_ms: to } = event;
  const silent = silentBoxes(event);
  const boxes = event.boxes_triggered.join(', ') || 'no box';
  const lines = [
    `event ${event.event_id}: ${event.type ?? 'type unknown'}`,
    `  window       ${isoTime(from)} to ${isoTime(to)} (${seconds(event)} s)`,
    ...(event.percent_magnitude === undefined
      ? []
      : [`  magnitude    ${event.percent_magnitude.toFixed(1)} %`]),
    `  description  ${event.description}`,
    ...(event.request_data === false
      ? [`  about        ${boxes}`, '  asked        no box: no waveform was asked for']
      : [`  asked        ${askedBoxes(event).join(', ') || 'no box'}`]),
    ...refusalLines(event).map((line) => `  refused      ${line}`),
    `  replied      ${event.boxes_received.join(', ') || 'no box'}`,
    ...(event.waveforms_deleted_ms === undefined
      ? []
      : [
          `  waveforms    deleted ${isoTime(event.waveforms_deleted_ms)}: the store was full (store_max_bytes)`,
        ]),
    ...(event.kept === true ? ['  kept         for good'] : []),
    ...(silent.length > 0 ? [`  silent       ${silent.join(', ')}`] : []),
  ];
  return `${lines.map(clean).join('\n')}\n\n`;
}

function seconds(event: EventDocument): string {
  return ((event.target_event_end_timestamp_ms - event.target_event_start_timestamp_ms) / 1000).toFixed(3);
}

/** Waveforms of boxes asked. `-`: none was asked for. */
function replies(event: EventDocument): string {
  if (event.request_data === false) return '-';
  return `${event.boxes_received.length}/${askedBoxes(event).length}`;
}
