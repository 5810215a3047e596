/** Documents that a command line names by their ids. */
import { MakaiError } from '../common/errors.js';
import type { EventDocument, IncidentDocument, Store } from '../store/store.js';

/** @throws MakaiError NOT_FOUND */
export async function eventOf(store: Store, id: number): Promise<EventDocument> {
  return (await store.event(id)) ?? notFound('event', id);
}

/** @throws MakaiError NOT_FOUND */
export async function incidentOf(store: Store, id: number): Promise<IncidentDocument> {
  return (await store.incident(id)) ?? notFound('incident', id);
}

/** In the order of the ids, each when it is asked for. @throws what `one` throws */
export async function* eachOf<T>(
  store: Store,
  ids: readonly number[],
  one: (store: Store, id: number) => Promise<T>,
): AsyncGenerator<T> {
  for (const id of ids) yield await one(store, id);
}

export function notFound(what: 'event' | 'incident', id: number): never {
  throw new MakaiError('NOT_FOUND', `there is no ${what} ${id} in this store`, {
    hint: `\`makai ${what}s list\` shows the ${what}s.`,
  });
}
