/** Every topic of the gateway: its name, its document, whether the broker keeps the last message. */
import type { z } from 'zod';
import { daemonStatus, event, group, health, incident, measurement, trend } from './documents.js';
import { meterMessage } from './meters.js';
import { eventReply, eventRequest } from './requests.js';

export interface TopicInfo {
  /** with names of its parts in braces */
  topic: string;
  /** what each part in braces is */
  parts: Readonly<Record<string, string>>;
  /** `out`: the gateway publishes it; `in`: clients do */
  direction: 'out' | 'in';
  retained: boolean;
  schema: z.ZodType;
  description: string;
}

const BOX = { box_id: 'Id of the box' };

export const TOPICS = {
  measurement: {
    topic: 'makai/boxes/{box_id}/measurement',
    parts: BOX,
    direction: 'out',
    retained: false,
    schema: measurement,
    description:
      'Live measurements, as they come from the triggering broker: at most as many in a second as the setting `measurements.per_second` says, the newest each time. While the broker is unavailable a bounded number waits; beyond it the oldest are dropped and counted.',
  },
  trend: {
    topic: 'makai/boxes/{box_id}/trend',
    parts: BOX,
    direction: 'out',
    retained: false,
    schema: trend,
    description: 'Min, max and average of a minute, once it is stored.',
  },
  health: {
    topic: 'makai/boxes/{box_id}/health',
    parts: BOX,
    direction: 'out',
    retained: true,
    schema: health,
    description: 'Findings about the box, when they change.',
  },
  event: {
    topic: 'makai/events/{event_id}',
    parts: { event_id: 'Number of the event' },
    direction: 'out',
    retained: false,
    schema: event,
    description:
      'An event, once it is stored, and again when more boxes have replied. Never lost: what cannot be published waits on disk.',
  },
  incident: {
    topic: 'makai/incidents/{class}/{box_id}',
    parts: { class: 'Classification, such as VOLTAGE_SAG; `none` without one', ...BOX },
    direction: 'out',
    retained: false,
    schema: incident,
    description:
      'An incident, once it is stored, and again when it changes: an outage ends, it joins a group. An incident of two classes is published under both. Never lost, as events.',
  },
  group: {
    topic: 'makai/incident-groups/{group_id}',
    parts: { group_id: 'Lowest incident id of the group' },
    direction: 'out',
    retained: false,
    schema: group,
    description:
      'Incidents of several boxes at the same time, once the group has settled. Never lost, as events.',
  },
  daemon: {
    topic: 'makai/daemons/{daemon}/status',
    parts: { daemon: 'Name of the daemon, such as triggering-broker' },
    direction: 'out',
    retained: true,
    schema: daemonStatus,
    description:
      'Whether a daemon runs. That of the gateway itself is also its last will: the broker publishes `running: false` when the connection is lost. The others are then what the gateway last knew.',
  },
  eventRequest: {
    topic: 'makai/requests/event',
    parts: {},
    direction: 'in',
    retained: false,
    schema: eventRequest,
    description:
      'Asks boxes for their waveforms. Needs the role operator at the embedded broker; at another broker its access list decides who may publish here.',
  },
  eventReply: {
    topic: '{reply_to}',
    parts: { reply_to: 'The `reply_to` of the request, or the response topic of MQTT 5' },
    direction: 'out',
    retained: false,
    schema: eventReply,
    description: 'The reply to an event request.',
  },
  meter: {
    topic: '{meter_topic}',
    parts: { meter_topic: 'A topic that the setting `meters.topics` names' },
    direction: 'in',
    retained: false,
    schema: meterMessage,
    description:
      'What a meter publishes, in a form of its own: the setting says where in it the values are. It becomes measurements of a record with `kind: meter`. Messages that the broker had kept are ignored, unless they carry their time.',
  },
} as const satisfies Record<string, TopicInfo>;

/** The topic of a document. @param parts their values; characters that have a meaning in topics become `_` */
export function topicOf(name: keyof typeof TOPICS, parts: Readonly<Record<string, string | number>>): string {
  return TOPICS[name].topic.replaceAll(/\{(\w+)\}/g, (_, part: string) =>
    topicPart(String(parts[part] ?? '')),
  );
}

/** One level of a topic. Other programs may have written what it is made of. */
export function topicPart(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: MQTT 3.1.1, 1.5.3: control characters should not be in a topic
  const safe = text.slice(0, 200).replaceAll(/[/+#$\u0000-\u001f\u007f]/g, '_');
  return safe === '' ? 'none' : safe;
}
