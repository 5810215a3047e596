/**
 * Notices of incidents on a PUB socket of our own, each once it is durable: `[topic, JSON]`. A topic a class and box, `incident/<class>/<box id>`, so an
 * incident of two classes goes out under both; a group under `incident-group/<group id>`.
 */
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import type { IncidentDocument, IncidentGroup } from '../../store/store.js';
import { BIND_TIMEOUT_MS, bindAt } from '../../zmq/bind.js';
import { SendQueue } from '../../zmq/send-queue.js';
import { bound } from '../../zmq/sockets.js';

/** Subscribers send subscriptions only. */
const MAX_FRAME_BYTES = 65_536;

export interface Notices extends Running {
  /** with the port that `*` became */
  readonly endpoint: string;
  readonly sent: number;
  /** Each notice also goes to whoever is named here. */
  also(send: (topic: string, body: string) => void): void;
  incident(incident: IncidentDocument): void;
  group(group: IncidentGroup): void;
}

/** @throws MakaiError ENDPOINT_IN_USE, ENDPOINT_UNAVAILABLE */
export async function openNotices(endpoint: string, log: Logger): Promise<Notices> {
  const socket = bound.publisher({ maxMessageSize: MAX_FRAME_BYTES });
  let place: string;
  try {
    place = await bindAt(
      socket,
      { field: 'incident_pub', endpoint },
      { timeoutMs: BIND_TIMEOUT_MS.first, log },
    );
  } catch (error) {
    socket.close();
    throw error;
  }
  const queue = new SendQueue('incident_pub', new Rejections(log));
  queue.attach(socket);
  let sent = 0;
  let others = (_topic: string, _body: string): void => undefined;
  const send = (topic: string, document: object): void => {
    sent += 1;
    const body = JSON.stringify(document);
    queue.send([topic, body]);
    others(topic, body);
  };
  return {
    endpoint: place,
    get sent() {
      return sent;
    },
    also: (send) => {
      others = send;
    },
    incident: (incident) => {
      for (const name of incident.classifications) send(`incident/${name}/${incident.box_id}`, incident);
    },
    group: (group) => send(`incident-group/${group.group_id}`, group),
    stop: async () => {
      queue.attach(undefined);
      socket.close();
    },
  };
}
