/** Hears the notices of the acquisition broker and the analysis service. A notice only makes the gateway look into the store sooner. */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { connectTo } from '../../zmq/connect.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { receiveLoop } from '../../zmq/receive.js';
import { connecting } from '../../zmq/sockets.js';

const MAX_FRAME_BYTES = 4 * 2 ** 20;
const ID = /"incident_id":(\d{1,15})\b/;
const GROUP_IDS = /"incident_ids":\[([\d,]{1,100000})\]/;

export interface NoticesOptions {
  /** of events */
  dataEndpoint: string;
  incidentEndpoint: string;
  curve: CurveClientOptions | undefined;
  clock: Clock;
  log: Logger;
  onEvent: (eventId: number) => void;
  /** one that is new, or has changed */
  onIncident: (incidentId: number) => void;
}

export function hearNotices(options: NoticesOptions): Running {
  const { clock, curve, dataEndpoint, incidentEndpoint, log, onEvent, onIncident } = options;
  const hear = (
    name: string,
    endpoint: string,
    topics: string[],
    handle: (frames: readonly Buffer[]) => void,
  ) => {
    const socket = connecting.subscriber({
      maxMessageSize: MAX_FRAME_BYTES,
      ...(name === 'zmq_data_endpoint' ? curve : {}),
    });
    connectTo(socket, endpoint);
    socket.subscribe(...topics);
    const loop = receiveLoop({ name, socket, clock, log, handle });
    return async (): Promise<void> => {
      socket.close();
      await loop;
    };
  };
  const stopEvents = hear('zmq_data_endpoint', dataEndpoint, ['evnew'], ([, number]) =>
    onEvent(Number(number?.toString())),
  );
  const stopIncidents = hear(
    'incident_endpoint',
    incidentEndpoint,
    ['incident/', 'incident-group/'],
    ([topic, body]) => {
      const text = body?.toString() ?? '';
      const isGroup = topic?.toString().startsWith('incident-group/') === true;
      const ids = isGroup ? (GROUP_IDS.exec(text)?.[1]?.split(',') ?? []) : [ID.exec(text)?.[1] ?? ''];
      for (const id of ids) onIncident(Number(id));
    },
  );
  return {
    stop: async () => {
      await stopEvents();
      await stopIncidents();
    },
  };
}
