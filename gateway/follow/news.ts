/** What is published of an event, an incident or a group, and how it is known whether something is new. */
import { createHash } from 'node:crypto';
import type { EventDocument, IncidentDocument, IncidentGroup } from '../../store/store.js';
import { topicOf } from '../documents/topics.js';
import type { Message } from '../state/outbox.js';

export interface News {
  messages: readonly Message[];
  /** differs from the one before when something is new */
  version: string;
}

/** @param known version of what was published last; undefined: nothing was */
export interface NewsOf {
  event(event: EventDocument, known: string | undefined): News;
  incident(incident: IncidentDocument, known: string | undefined): News;
  group(group: IncidentGroup, known: string | undefined): News;
}

/** Without what is of no use outside of the store. */
export function shownIncident({
  expire_at: _,
  gridfs_filename: __,
  measurements: ___,
  ...incident
}: IncidentDocument) {
  return incident;
}

/** For MQTT: whole documents, again whenever anything in them has changed. */
export const MQTT_NEWS: NewsOf = {
  event: ({ expire_at: _, kept: __, ...event }) =>
    whole([message(topicOf('event', { event_id: event.event_id }), event)]),
  incident: (incident) => {
    const classes = incident.classifications.length === 0 ? ['none'] : incident.classifications;
    const topics = [...new Set(classes)].map((name) =>
      topicOf('incident', { class: name, box_id: incident.box_id }),
    );
    return whole(topics.map((topic) => message(topic, shownIncident(incident))));
  },
  group: (group) => whole([message(topicOf('group', { group_id: group.group_id }), group)]),
};

export const message = (topic: string, document: object): Message => ({
  topic,
  payload: JSON.stringify(document),
  retain: false,
});

/** News whenever any of the messages differs. */
export const whole = (messages: readonly Message[]): News => ({
  messages,
  version: createHash('sha256').update(JSON.stringify(messages)).digest('base64url'),
});
