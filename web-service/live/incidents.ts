/** Hears the notices of incidents and groups: of one analysis service, or over NATS of all. An incident of several classes is published once for each: it is passed on once. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { NatsServers } from '../../config/index.js';
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
  /** of the only analysis service */
  endpoint: string;
  /** where several share the work; undefined: there is one */
  nats: NatsServers | undefined;
  clock: Clock;
  log: Logger;
  onIncident: (incident: IncidentDocument) => void;
  onGroup: (group: IncidentGroupJson) => void;
}

export async function hearIncidents({
  clock,
  endpoint,
  log,
  nats,
  onGroup,
  onIncident,
}: IncidentNoticesOptions): Promise<Running> {
  const throttled = new ThrottledLog(log, { clock });
  /** Hashes: bodies may be large. */
  const passedOn = new RecentMap<number, string>(REMEMBERED);
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
  const hear = (topic: string, body: string): void => {
    try {
      take(topic, body);
    } catch (error) {
      throttled.warn({ err: error }, 'a notice of an incident could not be read');
    }
  };
  return nats === undefined ? overZmq(endpoint, hear, { clock, log }) : overNats(nats, hear, log);
}

type HearNotice = (topic: string, body: string) => void;

function overZmq(endpoint: string, hear: HearNotice, { clock, log }: { clock: Clock; log: Logger }): Running {
  const socket = connecting.subscriber({ maxMessageSize: MAX_FRAME_BYTES });
  connectTo(socket, endpoint);
  socket.subscribe('incident/', 'incident-group/');
  const loop = receiveLoop({
    name: 'incident_endpoint',
    socket,
    clock,
    log,
    handle: ([topic, body]: readonly Buffer[]) => hear(topic?.toString() ?? '', body?.toString() ?? ''),
  });
  return {
    stop: async () => {
      socket.close();
      await loop;
    },
  };
}

/** Nothing of NATS is loaded without its setting. @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for files of `nats` */
async function overNats(servers: NatsServers, hear: HearNotice, log: Logger): Promise<Running> {
  const [{ NatsLink }, { hearNotices }] = await Promise.all([
    import('../../nats/link.js'),
    import('../../nats/notices.js'),
  ]);
  let heard: object | undefined;
  const link = new NatsLink({
    ...{ servers, name: 'makai web-service', log },
    // A connection that is made again has its subscriptions still.
    connected: (connection) => {
      if (heard === connection) return;
      heard = connection;
      hearNotices(connection, hear).catch((error: unknown) => {
        heard = undefined;
        log.warn({ err: error }, 'notices of incidents cannot be heard');
      });
    },
    disconnected: () => undefined,
  });
  link.start();
  return link;
}
