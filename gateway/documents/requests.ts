/** What clients ask of the gateway, and its replies. */
import { z } from 'zod';
import { isBoxId } from '../../common/box-id.js';

/** Longest window of one request, ms: the broker's own limit may be lower. */
export const MAX_REQUEST_MS = 3_600_000;
const MOST_BOXES = 10_000;
const TYPES = ['FREQUENCY_SAG', 'FREQUENCY_SWELL', 'VOLTAGE_SAG', 'VOLTAGE_SWELL', 'OTHER'] as const;

export const eventRequest = z.strictObject({
  from_ms: z.number().min(0).max(8.64e15).meta({ description: 'Unix ms UTC: begin of the window' }),
  to_ms: z.number().min(0).max(8.64e15).meta({ description: 'Unix ms UTC: its end' }),
  boxes: z
    .array(
      z
        .string()
        .regex(/^(0|[1-9]\d{0,9})$/)
        .refine((id) => isBoxId(Number(id)), 'no box can have this id'),
    )
    .max(MOST_BOXES)
    .default([])
    .meta({ description: 'Ids of the boxes; empty or left out: all boxes' }),
  type: z.enum(TYPES).default('OTHER').meta({ description: 'Type of the event' }),
  description: z.string().max(200).default('').meta({ description: 'For people' }),
  request_data: z.boolean().default(true).meta({ description: 'false: an event without waveforms' }),
  reply_to: z
    .string()
    .max(500)
    .optional()
    .meta({ description: 'Topic for the reply; with MQTT 5 the response topic of the message does as well' }),
  request_id: z.string().max(100).optional().meta({ description: 'Comes back in the reply' }),
});
export type EventRequest = z.output<typeof eventRequest>;

export const eventReply = z.object({
  ok: z.boolean(),
  event_id: z.number().optional().meta({ description: 'Where it was accepted' }),
  error: z
    .object({
      code: z.string().meta({ description: 'docs/errors.md' }),
      message: z.string(),
    })
    .optional()
    .meta({ description: 'Where it was refused' }),
  request_id: z.string().optional(),
});
export type EventReply = z.output<typeof eventReply>;
