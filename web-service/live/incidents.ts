/** Hears the analysis service's notices of incidents and groups. An incident of several classes is published once for each: it is passed on once. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { IncidentDocument } from '../../store/store.js';
import { connectTo } from '../../zmq/connect.js';
import { receiveLoop } from '../../zmq/receive.js';
import { connecting } from '../../zmq/sockets.js';
import type { IncidentGroupJson } from '../api/incidents.js';
import { incidentGroup } from '../api/incidents.js';
import { incidentDocument } from './incident-document.js';

const MAX_FRAME_BYTES = 4 * 2 ** 20;
const REMEMBERED = 1000;

export interface IncidentNoticesOptions {
  endpoint: string;
  clock: Clock;
  log: Logger;
  onIncident: (incident: IncidentDocument) => void;
  onGroup: (group: IncidentGroupJson) => void;
}

export function hearIncidents({
  clock,
  endpoint,
  log,
  onGroup,
  onIncident,
}: IncidentNoticesOptions): Running {
  const socket = connecting.subscriber({ maxMessageSize: MAX_FRAME_BYTES });
  const throttled = new ThrottledLog(log, { clock });
  /** Hashes: bodies may be large. */
  const passedOn = new RecentMap<number, string>(REMEMBERED);
  connectTo(socket, endpoint);
  socket.subscribe('incident/', 'incident-group/');
  const take = (topic: string, body: string): void => {
    const value: unknown = JSON.parse(body);
    if (topic.startsWith('incident-group/')) {
      onGroup(incidentGroup.parse(value));
      return;
    }
    const incident = incidentDocument.parse(value);
    const hash = createHash('sha256').update(body).digest('base64');
    if (passedOn.get(incident.incident_id) === hash) return;
    passedOn.set(incident.incident_id, hash);
    onIncident(incident as IncidentDocument);
  };
  const loop = receiveLoop({
    name: 'incident_endpoint',
    socket,
    clock,
    log,
    handle: ([topic, body]: readonly Buffer[]) => {
      try {
        take(topic?.toString() ?? '', body?.toString() ?? '');
      } catch (error) {
        throttled.warn({ err: error }, 'a notice of an incident could not be read');
      }
    },
  });
  return {
    stop: async () => {
      socket.close();
      await loop;
    },
  };
}
