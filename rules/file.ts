/** A file of filters and rules: its shape. The seed's fields are unchanged; `hysteresis`, `for`, `cooldown`, `severity` and `notify` are ours. */
import { z } from 'zod';
import { PAYLOAD_TYPES } from './reader.js';

export const SEVERITIES = ['notice', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Bytes of a file as JSON. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 10_000;
const MAX_PARTS = 100;
const DAY_S = 86_400;
const MAX_PAYLOAD = 65_536;

const condition = z.string().meta({
  description:
    'A condition on the message: `$name` and `$parent.child` are its values; `< <= > >= == !=`, `and or not`, parentheses, numbers, strings in quotes, true, false',
});
const newPayload = z.string().max(MAX_PAYLOAD).default('');
export const tag = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'expected letters, digits, and . _ - (at most 64)')
  .meta({ description: 'Recipients and groups with this tag' });

const filter = z.strictObject({
  topic: z.string().meta({ description: 'Topic filter of MQTT, with + and # where wanted' }),
  subtopic: z.string().meta({ description: 'Appended to the topic of the message, after a slash' }),
  statements: z
    .array(
      z.strictObject({
        condition,
        new_payload: newPayload.meta({ description: 'What is published; empty: the message itself' }),
      }),
    )
    .min(1)
    .max(MAX_PARTS),
});

const statement = z.strictObject({
  id: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .meta({ description: 'Unique in the file; `$id` in `operations`' }),
  topic: z.string(),
  payload_type: z
    .enum(PAYLOAD_TYPES)
    .optional()
    .meta({ description: 'To which values are converted; absent: as they are in JSON' }),
  condition,
  hysteresis: z.number().nonnegative().optional().meta({
    description:
      'Ours: how far a value has to come back past its limit until the statement is no longer met, in the unit of the value',
  }),
});

const logic = z.strictObject({
  operations: z.string().meta({ description: 'Which statements: `( $1 ) and ( $2 )`' }),
  new_topic: z.string().meta({ description: 'Published with ! in front of it' }),
  new_payload: newPayload.meta({
    description: 'What is published; empty: a JSON object of topics and messages',
  }),
  for: z.number().min(0).max(DAY_S).optional().meta({ description: 'Ours: s that it has to hold' }),
  cooldown: z
    .number()
    .min(0)
    .max(30 * DAY_S)
    .optional()
    .meta({ description: 'Ours: s after it fired in which it does not fire again' }),
  severity: z.enum(SEVERITIES).optional().meta({ description: 'Ours: of the alert; default: warning' }),
  notify: z
    .union([tag, z.array(tag).min(1).max(20)])
    .optional()
    .meta({ description: 'Ours: whom to notify: tags of recipients' }),
});

const rule = z.strictObject({
  statements: z.array(statement).min(1).max(MAX_PARTS),
  logic: z.array(logic).min(1).max(MAX_PARTS),
});

export const rulesFile = z.strictObject({
  filters: z.array(filter).max(MAX_ENTRIES).default([]),
  rules: z.array(rule).max(MAX_ENTRIES).default([]),
});

export type RulesFile = z.output<typeof rulesFile>;
export type FilterEntry = RulesFile['filters'][number];
export type RuleEntry = RulesFile['rules'][number];
export type StatementEntry = RuleEntry['statements'][number];
export type LogicEntry = RuleEntry['logic'][number];

export const EMPTY_FILE: RulesFile = { filters: [], rules: [] };
