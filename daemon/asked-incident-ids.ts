/** Incident ids of the existing analysis service: a REP socket that replies to any text with the next id as decimal text. */
import { MakaiError } from '../common/errors.js';
import { Turn } from '../common/turn.js';
import type { IncidentWithSamples } from '../store/store.js';
import { Requester } from '../zmq/requester.js';
import type { IncidentIds } from './incident-ids.js';

const REPLY_MS = 3_000;
const LAST_ID = 0x7fffffff;

/** An id is asked for each finding; one that turns out to be stored already keeps its own, and leaves a gap. */
export function idsFrom(endpoint: string): IncidentIds {
  const requester = new Requester(endpoint, REPLY_MS);
  /** counts failures: what waited behind one fails with it, and does not wait for its own */
  let failures = 0;
  const turn = new Turn();
  const next = async (): Promise<number> => {
    const reply = await requester.ask('makai');
    const id = Number(reply);
    if (Number.isInteger(id) && id >= 0 && id <= LAST_ID && reply.trim() !== '') return id;
    throw new MakaiError(
      'TIMEOUT',
      `${endpoint} replied ${JSON.stringify(reply.slice(0, 40))}, which is no incident id`,
      {
        hint: 'incident_id_endpoint must be that of the existing analysis service, port 9777 as a rule.',
      },
    );
  };
  return {
    number: (findings) => {
      if (findings.length === 0) return Promise.resolve(findings);
      const before = failures;
      return turn.run(async () => {
        if (failures !== before)
          throw new MakaiError('TIMEOUT', `${endpoint} did not reply to the question before`);
        try {
          const numbered: IncidentWithSamples[] = [];
          for (const finding of findings)
            numbered.push({ ...finding, incident: { ...finding.incident, incident_id: await next() } });
          return numbered;
        } catch (error) {
          failures += 1;
          throw error;
        }
      });
    },
    stop: () => requester.stop(),
  };
}
