/** `makai events keep | unkeep`. */
import type { Command } from 'commander';
import { write } from '../../common/stdout.js';
import { audit } from '../audit.js';
import { parseCount } from '../range.js';
import { retentionOfChoice, type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { notFound } from '../stored.js';

export function register(events: Command): void {
  const keep = events
    .command('keep')
    .description('Keep events for good, with their waveforms and incidents, however long others are kept.')
    .argument('<id...>', 'event ids');
  withStoreOptions(keep).action((ids: string[], options: StoreChoice) => keepEvents(ids, true, options));
  const unkeep = events
    .command('unkeep')
    .description(
      'Keep events no longer: they expire as if they were stored now. With --store config:<file> the retention of that daemon holds.',
    )
    .argument('<id...>', 'event ids');
  withStoreOptions(unkeep).action((ids: string[], options: StoreChoice) => keepEvents(ids, false, options));
}

async function keepEvents(texts: readonly string[], keep: boolean, options: StoreChoice): Promise<void> {
  const ids = texts.map((text) => parseCount('<id>', text));
  const command = keep ? 'events keep' : 'events unkeep';
  await useStore(
    options,
    async (store) => {
      for (const id of ids) {
        const before = await store.event(id);
        if (before === undefined || !(await store.keepEvent(id, keep))) notFound('event', id);
        const after = await store.event(id);
        await audit(store, { command, subject: `event ${id}`, ...changes(before, after) });
      }
    },
    await retentionOfChoice(options),
  );
  await write(
    `${ids.length === 1 ? 'event' : 'events'} ${ids.join(', ')}: ${keep ? 'kept' : 'no longer kept'}\n`,
  );
}

type Kept = { kept?: true | undefined; expire_at: number } | undefined;

function changes(before: Kept, after: Kept): { before: object; after: object } {
  const part = (event: Kept) => ({ kept: event?.kept === true, expire_at: event?.expire_at });
  return { before: part(before), after: part(after) };
}
