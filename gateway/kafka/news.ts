/** What goes to Kafka of trends, events and incidents: documents of one box each (docs/kafka.md). */
import type { EventDocument } from '../../store/store.js';
import { message, type News, type NewsOf, shownIncident, whole } from '../follow/news.js';
import type { ShownTrend } from '../follow/trends.js';
import type { Message } from '../state/outbox.js';

/** In the outbox a topic of Kafka and a key are one text; a topic has no such character. */
const BETWEEN = '/';
export const kafkaAddress = (topic: string, boxId: string): string => `${topic}${BETWEEN}${boxId}`;

export function addressOf(text: string): { topic: string; key: string } {
  const at = text.indexOf(BETWEEN);
  return { topic: text.slice(0, at), key: text.slice(at + 1) };
}

/** @param prefix of topics */
export function kafkaNews(prefix: string): NewsOf {
  return {
    event: (event, known) => eventNews(`${prefix}events`, event, known),
    incident: (incident) =>
      whole([message(kafkaAddress(`${prefix}incidents`, incident.box_id), shownIncident(incident))]),
    // It is in each of its incidents.
    group: () => ({ messages: [], version: '' }),
  };
}

export function kafkaTrend(prefix: string): (trend: ShownTrend) => Message {
  return (trend) => message(kafkaAddress(`${prefix}trends`, trend.box_id), trend);
}

/** Both lists of an event only become longer, so their lengths say what is known: a box is named when it is asked, and again when its waveform is stored. */
function eventNews(topic: string, event: EventDocument, known = '0 0'): News {
  const { boxes_received, boxes_triggered } = event;
  const [triggered = 0, received = 0] = known.split(' ').map(Number);
  const arrived = new Set(boxes_received);
  const asked = boxes_triggered.slice(triggered).filter((box) => !arrived.has(box));
  const messages = [...asked, ...boxes_received.slice(received)].map((box) =>
    message(kafkaAddress(topic, box), eventOfBox(event, box, arrived.has(box))),
  );
  return { messages, version: `${boxes_triggered.length} ${boxes_received.length}` };
}

function eventOfBox(event: EventDocument, box_id: string, isReceived: boolean) {
  const { event_id, type, description, percent_magnitude, family } = event;
  const refused = event.boxes_refused?.find(({ boxes }) => boxes.includes(box_id))?.reason;
  return {
    ...{ event_id, box_id, type, description, percent_magnitude, family },
    target_event_start_timestamp_ms: event.target_event_start_timestamp_ms,
    target_event_end_timestamp_ms: event.target_event_end_timestamp_ms,
    boxes: event.boxes_triggered.length,
    waveform: waveformOf(event, isReceived, refused),
    ...(refused === undefined ? {} : { refused }),
  };
}

function waveformOf(event: EventDocument, isReceived: boolean, refused: string | undefined): string {
  if (isReceived) return 'stored';
  return event.request_data === false || refused !== undefined ? 'not_requested' : 'requested';
}
