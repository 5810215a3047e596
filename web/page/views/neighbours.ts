/** The events before and after this one, looked for when somebody asks. */
import type { Event, EventDetail } from '../../../web-service/api/index.js';
import { get, type Query } from '../api/client.js';
import { go, linkTo } from '../state.js';

export interface Neighbours {
  previous: () => void;
  next: () => void;
}

export function useNeighbours({
  event_id,
  target_event_start_timestamp_ms: startMs,
}: EventDetail): Neighbours {
  const open = (query: Query): void => {
    get<{ items: Event[] }>('/events', { ...query, limit: 20 })
      .then(({ items }) => {
        const other = items.find((one) => one.event_id !== event_id && isPast(one, query));
        if (other !== undefined) go(linkTo('events', String(other.event_id)));
      })
      .catch((error: unknown) => reportError(error));
  };
  // several events may begin in the same ms: their ids decide
  const isPast = (one: Event, query: Query): boolean => {
    if (one.target_event_start_timestamp_ms !== startMs) return true;
    return query.order === 'oldest' ? one.event_id > event_id : one.event_id < event_id;
  };
  return {
    previous: () => open({ to: startMs + 1, order: 'newest' }),
    next: () => open({ from: startMs, order: 'oldest' }),
  };
}
