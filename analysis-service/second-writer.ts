/** Looks whether another program writes incidents too: then ids can be given twice, unless one of the two leaves them to the other. */
import { type Clock, pause } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { IncidentReader } from '../store/store.js';

const EVERY_MS = 3_600_000;
/** The newest incidents. */
const LOOKED_AT = 100;

/** @param asksIds ids come from the other program already */
export function watchSecondWriter(
  store: Pick<IncidentReader, 'incidents'>,
  asksIds: boolean,
  { clock, log }: { clock: Clock; log: Logger },
): Running {
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const other = await newestOfAnother(store);
        if (other !== undefined && !asksIds)
          log.warn(
            { incident_id: other },
            'another program writes incidents too: set incident_id_endpoint, or "incidents": "off"',
          );
      } catch (error) {
        log.debug({ err: error }, 'incidents could not be looked through');
      }
      await pause(clock, EVERY_MS, stopping.signal);
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** The id of an incident among the newest that makai did not write. */
export async function newestOfAnother(store: Pick<IncidentReader, 'incidents'>): Promise<number | undefined> {
  for await (const { incident_id, source } of store.incidents({ descending: true, limit: LOOKED_AT }))
    if (source === undefined) return incident_id;
  return undefined;
}
