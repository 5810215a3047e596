/** The file of recipients (YAML): its shape. `${NAME}` in a text is the environment variable NAME. */
import { z } from 'zod';
import { SEVERITIES, tag } from '../../rules/index.js';

const url = z.url({ protocol: /^https?$/ });
const secret = z.string().min(1);
const address = z.email();

const mail = z.strictObject({
  type: z.literal('mail'),
  /** smtps://user:password@host:465, or smtp://host:587 with STARTTLS */
  server: z.url({ protocol: /^smtps?$/ }),
  from: z.string().min(3),
  to: z.union([address, z.array(address).min(1).max(100)]),
  /** false: the password and the text may go unencrypted, for a server on this machine */
  require_tls: z.boolean().default(true),
  /** PEM file of the authority of the server */
  ca: z.string().optional(),
});
const webhook = z.strictObject({
  type: z.literal('webhook'),
  url,
  /** HMAC-SHA256 of the body goes into the header x-makai-signature */
  secret: secret.optional(),
  headers: z.record(z.string(), z.string()).default({}),
});
const slack = z.strictObject({ type: z.literal('slack'), url });
const teams = z.strictObject({ type: z.literal('teams'), url });
const matrix = z.strictObject({ type: z.literal('matrix'), server: url, room: secret, token: secret });
const ntfy = z.strictObject({
  ...{
    type: z.literal('ntfy'),
    server: url.default('https://ntfy.sh'),
    topic: z.string().regex(/^[\w-]{1,64}$/),
  },
  token: secret.optional(),
});
const telegram = z.strictObject({
  ...{
    type: z.literal('telegram'),
    token: z.string().regex(/^[\w:-]+$/),
    chat: z.union([z.string(), z.int()]),
  },
  server: url.default('https://api.telegram.org'),
});
const apprise = z.strictObject({
  type: z.literal('apprise'),
  /** of Apprise, such as mailto://... */
  urls: z.array(secret).min(1).max(20),
  command: z.string().default('apprise'),
});

export const channel = z.discriminatedUnion('type', [
  mail,
  webhook,
  slack,
  teams,
  matrix,
  ntfy,
  telegram,
  apprise,
]);
export type Channel = z.output<typeof channel>;
export type ChannelOf<T extends Channel['type']> = Extract<Channel, { type: T }>;

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as 22:00');
const zone = z.string().refine(isZone, 'expected a time zone such as Europe/Berlin').default('UTC');
const recipientName = z.string().regex(/^[\w.@-]{1,64}$/, 'expected letters, digits, and . _ @ -');

const recipient = z.strictObject({
  name: recipientName,
  tags: z.array(tag).max(50).default(['all']),
  min_severity: z.enum(SEVERITIES).default('notice'),
  channels: z.array(channel).min(1).max(10),
  /** nothing but `critical` in this time; the rest follows at its end */
  quiet_hours: z.strictObject({ from: time, to: time, zone }).optional(),
  /** so many messages an hour; what is more follows together in one */
  per_hour: z.int().min(1).max(1000).default(30),
  /** all but `critical` is gathered so many minutes, and sent as one message */
  digest_minutes: z.int().min(1).max(1440).optional(),
});
export type Recipient = z.output<typeof recipient>;

const group = z.strictObject({
  name: recipientName,
  members: z.array(recipientName).min(1).max(1000),
  tags: z.array(tag).min(1).max(50),
});

const report = z.strictObject({
  name: recipientName,
  /** minute hour day month weekday */
  cron: z.string().min(9).max(100),
  zone,
  days: z.int().min(1).max(366).default(7),
  box: z
    .string()
    .regex(/^\d{1,10}$/)
    .optional(),
  location: z.string().min(1).optional(),
  format: z.enum(['html', 'pdf', 'json']).default('html'),
  tags: z.array(tag).min(1).max(20),
});
export type ReportEntry = z.output<typeof report>;

export const notifyFile = z.strictObject({
  recipients: z.array(recipient).max(1000).default([]),
  groups: z.array(group).max(100).default([]),
  reports: z.array(report).max(100).default([]),
});
export type NotifyFile = z.output<typeof notifyFile>;

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    // A zone that is not known is what is asked for.
    return false;
  }
}
