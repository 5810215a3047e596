/** `makai events delete`: an administrator's, for what a plugin or client filled the store with. */
import type { Command } from 'commander';
import { jsonLine, write } from '../../common/stdout.js';
import type { EventDocument, Store } from '../../store/store.js';
import { audit } from '../audit.js';
import { canAsk, confirm } from '../confirm.js';
import { UsageError } from '../errors.js';
import { clean } from '../output.js';
import { parseCount, parseTime } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { eventOf } from '../stored.js';
import { isoTime } from '../time.js';

interface Choice extends StoreChoice {
  from?: string;
  to?: string;
  type?: string;
  plugin?: string;
  dryRun?: true;
  yes?: true;
  json?: true;
}

/** Events deleted by one call of the store. */
const AT_ONCE = 100;
/** An entry of the audit log names so many. */
const IDS_IN_AUDIT = 1000;

export function register(events: Command): void {
  const command = events
    .command('delete')
    .description(
      'Delete events with their waveforms, by id or by range, type and plugin. It asks first. Incidents that were found in them stay; kept events go only by id.',
    )
    .argument('[id...]', 'event ids, in place of a choice')
    .option('--from <time>', 'events whose window begins from this time on')
    .option('--to <time>', 'events whose window begins before this time')
    .option('--type <type>', 'only events of this type, such as OTHER')
    .option('--plugin <name>', 'only events of this plugin: their description begins with its name')
    .option('--dry-run', 'show what would be deleted, and delete nothing')
    .option('--yes', 'delete without asking')
    .option('--json', 'as JSON on one line');
  withStoreOptions(command).action(deleteEvents);
}

async function deleteEvents(ids: string[], options: Choice): Promise<void> {
  const chosen = [options.from, options.to, options.type, options.plugin].some((one) => one !== undefined);
  if (ids.length > 0 === chosen)
    throw new UsageError('give event ids, or a choice with --from, --to, --type or --plugin');
  await useStore(options, async (store) => {
    const events = await chosenEvents(store, ids, options);
    const waveforms = events.reduce((sum, { boxes_received }) => sum + boxes_received.length, 0);
    if (options.dryRun || events.length === 0) {
      await report(options, { events: events.length, waveforms, deleted: 0 });
      return;
    }
    if (!options.yes && !(await confirmed(events, waveforms))) return;
    let deleted = 0;
    for (let at = 0; at < events.length; at += AT_ONCE)
      deleted += await store.deleteEvents(events.slice(at, at + AT_ONCE).map(({ event_id }) => event_id));
    const [first, last] = [events[0]?.event_id, events.at(-1)?.event_id];
    const subject = events.length === 1 ? `event ${first}` : `${events.length} events, ${first} to ${last}`;
    const before = { ids: events.slice(0, IDS_IN_AUDIT).map(({ event_id }) => event_id), waveforms };
    await audit(store, { command: 'events delete', subject, before });
    await report(options, { events: events.length, waveforms, deleted });
  });
}

/** @throws MakaiError NOT_FOUND for an id that no event has: then none is deleted */
async function chosenEvents(store: Store, ids: readonly string[], options: Choice): Promise<EventDocument[]> {
  if (ids.length > 0) return Promise.all(ids.map((id) => eventOf(store, parseCount('<id>', id))));
  const range = {
    ...(options.from === undefined ? {} : { fromMs: parseTime('--from', options.from) }),
    ...(options.to === undefined ? {} : { toMs: parseTime('--to', options.to) }),
  };
  const events: EventDocument[] = [];
  for await (const event of store.events(range)) {
    const isOfType = options.type === undefined || event.type === options.type;
    const isOfPlugin = options.plugin === undefined || event.description.startsWith(`${options.plugin}:`);
    // What a person keeps goes only by its id.
    if (isOfType && isOfPlugin && event.kept !== true) events.push(event);
  }
  return events;
}

/** @throws UsageError where nobody can be asked */
async function confirmed(events: readonly EventDocument[], waveforms: number): Promise<boolean> {
  const [first, last] = [events[0], events.at(-1)];
  const what = `${events.length} events with ${waveforms} waveforms, ${clean(describe(first))} to ${clean(describe(last))}`;
  if (!canAsk()) throw new UsageError(`this would delete ${what}: add --yes, or --dry-run to look`);
  return confirm(`Delete ${what}?`);
}

function describe(event: EventDocument | undefined): string {
  if (event === undefined) return '';
  return `event ${event.event_id} (${isoTime(event.target_event_start_timestamp_ms)})`;
}

async function report(
  { dryRun, json }: Choice,
  result: { events: number; waveforms: number; deleted: number },
): Promise<void> {
  if (json) return write(jsonLine(result));
  const { deleted, events, waveforms } = result;
  if (events === 0) await write('no event matches\n');
  else if (dryRun) await write(`would delete ${events} events with ${waveforms} waveforms\n`);
  else await write(`deleted ${deleted} events with ${waveforms} waveforms\n`);
}
