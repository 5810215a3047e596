/** A notification: the document of topic `notifications`, as the SEGuRo platform has it, and what the gateway adds for its own. */
import { z } from 'zod';
import { tag } from '../../rules/index.js';

export const NOTIFY_TYPES = ['info', 'success', 'warning', 'failure'] as const;
export const BODY_FORMATS = ['text', 'html', 'markdown'] as const;
const MAX_BODY = 256 * 1024;
/** Base64 characters of all attachments. */
const MAX_ATTACHMENT = 8 * 1024 * 1024;

export const attachment = z.strictObject({
  name: z.string().regex(/^[\w. -]{1,100}$/),
  content_type: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+$/)
    .max(100)
    .default('application/octet-stream'),
  content: z.base64().max(MAX_ATTACHMENT).meta({ description: 'Base64' }),
});
export type Attachment = z.output<typeof attachment>;

export const notificationDocument = z.strictObject({
  title: z.string().min(1).max(500),
  body: z.string().max(MAX_BODY).default(''),
  notify_type: z.enum(NOTIFY_TYPES).default('info'),
  body_format: z.enum(BODY_FORMATS).default('text'),
  tag: z
    .union([tag, z.array(tag).max(20)])
    .default([])
    .meta({ description: 'Tags of recipients; empty: those with the tag `all`' }),
  attachments: z.array(attachment).max(10).default([]),
});
export type NotificationDocument = z.input<typeof notificationDocument>;

/** As the notifier takes it. */
export interface Notification extends NotificationDocument {
  /** the same however often the same thing is notified: it is delivered to each recipient once. Left out: it is new */
  id?: string;
  /** `critical` passes quiet hours and digests */
  severity?: 'notice' | 'warning' | 'critical';
  /** address of the page about it */
  link?: string;
  /** whose waveform is shown as a picture, where the channel can */
  incident_id?: number;
}
