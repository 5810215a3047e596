/** Connections as the active gateway has them: one that is not active any more sends nothing. */
import { MakaiError } from '../../common/errors.js';
import type { KafkaProducer } from '../../kafka/producer.js';
import type { Link } from '../mqtt/link.js';
import type { Shared } from '../state/shared.js';

type Acting = Pick<Shared, 'mayAct'>;

/** @throws MakaiError MQTT_STOPPED */
export function mustAct(shared: Acting): void {
  if (!shared.mayAct()) throw new MakaiError('MQTT_STOPPED', 'another gateway is the active one');
}

/** To Kafka. */
export function guardedProducer(
  producer: Pick<KafkaProducer, 'send'>,
  shared: Acting,
): Pick<KafkaProducer, 'send'> {
  return {
    send: async (records) => {
      mustAct(shared);
      return await producer.send(records);
    },
  };
}

/** To an MQTT broker. */
export function guardedLink(link: Link, shared: Acting): Link {
  return {
    open: () => link.open(),
    endHearing: () => link.endHearing(),
    get window() {
      return link.window;
    },
    status: () => link.status(),
    publish: async (message) => {
      mustAct(shared);
      await link.publish(message);
    },
    subscribe: (filter, heard, options) => link.subscribe(filter, heard, options),
    onConnected: (connected) => link.onConnected(connected),
    stop: () => link.stop(),
  };
}
