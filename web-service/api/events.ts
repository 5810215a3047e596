/** Events and the waveforms of their boxes. */
import { z } from 'zod';
import { atMs, boxId, boxIdText, eventId, pageOf, pageQuery, slug, timeMs } from './common.js';
import { incident } from './incidents.js';

export const EVENT_TYPES = [
  'FREQUENCY_SAG',
  'FREQUENCY_SWELL',
  'VOLTAGE_SAG',
  'VOLTAGE_SWELL',
  'OTHER',
] as const;

/** As stored, with who was asked and did not reply. */
export const event = z.object({
  event_id: z.number(),
  type: z.string().optional(),
  description: z.string(),
  boxes_triggered: z.array(boxIdText),
  boxes_received: z.array(boxIdText),
  latencies_ms: z.array(z.number()).optional().meta({ description: 'Unix ms at which each reply arrived' }),
  percent_magnitude: z.number().optional(),
  family: z.number().optional(),
  request_data: z.literal(false).optional(),
  boxes_refused: z.array(z.object({ reason: z.string(), boxes: z.array(boxIdText) })).optional(),
  kept: z.literal(true).optional().meta({ description: 'Kept for good (`makai events keep`)' }),
  waveforms_deleted_ms: atMs
    .optional()
    .meta({ description: 'When its waveforms were deleted because the store was full (`store_max_bytes`)' }),
  target_event_start_timestamp_ms: atMs,
  target_event_end_timestamp_ms: atMs,
  expire_at: z.number(),
  boxes_silent: z.array(boxIdText).meta({ description: 'Boxes that were asked and have not replied' }),
});
export type Event = z.output<typeof event>;

/** By target start. */
export const eventsQuery = pageQuery(1000, 100).extend({
  box: boxId.optional().meta({ description: 'Events that are about this box' }),
  location: slug.optional().meta({ description: 'Events about a box that is there now' }),
  type: z.enum(EVENT_TYPES).optional(),
  class: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)
    .optional()
    .meta({ description: 'Events with an incident of this class' }),
  has_waveform: z.boolean().optional(),
});
export type EventsQuery = z.output<typeof eventsQuery>;
export const events = pageOf(event);

/** A box event without the times of its cycles, and what is needed to draw it. */
export const boxEvent = z.object({
  event_id: z.number(),
  box_id: boxIdText,
  event_start_timestamp_ms: atMs,
  event_end_timestamp_ms: atMs,
  location: z.string(),
  data_fs_filename: z.string(),
  cycles: z.int(),
  name: z.string().optional().meta({ description: 'Name of the box' }),
  calibration_constant: z.number().meta({ description: 'Counts per volt' }),
  nominal_voltage: z.number(),
  nominal_frequency: z.number(),
  analysed_ms: atMs.optional().meta({ description: 'Absent: it waits to be analysed' }),
  remarks: z.array(z.string()).meta({ description: 'What the analysis could not evaluate' }),
});
export type BoxEvent = z.output<typeof boxEvent>;

export const boxEventDetail = boxEvent.extend({ window_timestamps_ms: z.array(z.number()) });

/** A box of the event that has no waveform, and why. */
export const boxWithout = z.object({
  box_id: boxIdText,
  name: z.string().optional(),
  reason: z.string().meta({ description: '`no_reply`, `not_asked`, or a reason of `boxes_refused`' }),
});

export const eventDetail = event.extend({
  box_events: z.array(boxEvent).meta({ description: 'By box id' }),
  boxes_without: z.array(boxWithout),
  incidents: z.array(incident).meta({ description: 'By start; also those that repeat another one' }),
  is_complete: z.boolean().meta({ description: 'Every box that was asked has replied' }),
  original: z.array(z.string()).optional().meta({ description: 'Of an imported event: names of its files' }),
});
export type EventDetail = z.output<typeof eventDetail>;

/** Longest window of a request, ms: the brokers may have a lower limit. */
export const MAX_REQUEST_MS = 3_600_000;

/** Asks boxes for a window now. */
export const eventRequest = z.strictObject({
  from_ms: timeMs,
  to_ms: timeMs,
  boxes: z.array(boxId).max(10_000).default([]).meta({ description: 'Empty: all boxes' }),
  type: z.enum(EVENT_TYPES).default('OTHER'),
  description: z.string().trim().max(500).default('').meta({ description: 'Free text' }),
  request_data: z.boolean().default(true).meta({ description: 'false: record the event without waveforms' }),
  wait_seconds: z
    .number()
    .min(0)
    .max(60)
    .default(0)
    .meta({ description: 'Wait so long for the waveforms before replying' }),
});
export type EventRequest = z.input<typeof eventRequest>;

/** The event as far as it is stored when the reply is sent; GET the event, or listen to /live, for what comes later. */
export const requestedEvent = z.object({ event_id: eventId, event: eventDetail.optional() });
