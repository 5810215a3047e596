/** Hears the acquisition broker's notices of events. A notice only makes the service look into the store sooner. */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { connectTo } from '../../zmq/connect.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { receiveLoop } from '../../zmq/receive.js';
import { connecting } from '../../zmq/sockets.js';

const TOPIC = 'evnew';
const MAX_FRAME_BYTES = 65_536;

export function hearEventNotices(
  endpoint: string,
  curve: CurveClientOptions | undefined,
  { clock, log }: { clock: Clock; log: Logger },
  heard: () => void,
): Running {
  const socket = connecting.subscriber({ maxMessageSize: MAX_FRAME_BYTES, ...curve });
  connectTo(socket, endpoint);
  socket.subscribe(TOPIC);
  const loop = receiveLoop({ name: 'zmq_data_endpoint', socket, clock, log, handle: heard });
  return {
    stop: async () => {
      socket.close();
      await loop;
    },
  };
}
