/** The connection to MQTT as the active gateway has it: one that is not active any more publishes nothing. */
import { MakaiError } from '../../common/errors.js';
import type { Link } from '../mqtt/link.js';
import type { Shared } from '../state/shared.js';

export function guardedLink(link: Link, shared: Pick<Shared, 'mayAct'>): Link {
  return {
    open: () => link.open(),
    endHearing: () => link.endHearing(),
    get window() {
      return link.window;
    },
    status: () => link.status(),
    publish: async (message) => {
      if (!shared.mayAct()) throw new MakaiError('MQTT_STOPPED', 'another gateway is the active one');
      await link.publish(message);
    },
    subscribe: (filter, heard, options) => link.subscribe(filter, heard, options),
    onConnected: (connected) => link.onConnected(connected),
    stop: () => link.stop(),
  };
}
