/** What several operations have in common: ids, times, pages, and how errors look. All times are Unix ms UTC; field names are those of docs/data-model.md. */
import { z } from 'zod';

/** What a message of a box holds. */
const MAX_BOX_ID = 2_147_483_647;

/** Decimal text, as in the data model. */
export const boxId = z
  .string()
  .regex(/^(0|[1-9]\d{0,9})$/, 'a box id is a decimal number without leading zeros')
  .refine((text) => Number(text) <= MAX_BOX_ID, `a box id is at most ${MAX_BOX_ID}`)
  .meta({ description: 'Box id, a decimal number as text' });

/** In documents, which other programs write too: any text. */
export const boxIdText = z.string().meta({ description: 'Box id' });

export const eventId = z.int().min(0).max(2_147_483_647).meta({ description: 'Event id' });
export const incidentId = z.int().min(0).max(2_147_483_647).meta({ description: 'Incident id' });

/** Of a location: what `makai boxes set --location` takes. */
export const slug = z.string().min(1).max(100).meta({ description: 'Slug of a location' });

/** The year 2200: what is later is not Unix ms. */
const LATEST_MS = 7_258_118_400_000;
export const timeMs = z.number().min(0).max(LATEST_MS).meta({ description: 'Unix ms UTC' });

/** In documents: boxes with a wrong clock send any number. */
export const atMs = z.number().meta({ description: 'Unix ms UTC' });

/** From `from` on, before `to`. */
export const rangeQuery = z.object({
  from: timeMs.optional().meta({ description: 'From this time on, Unix ms' }),
  to: timeMs.optional().meta({ description: 'Before this time, Unix ms' }),
});

/** Opaque to clients: the `next` of the page before. */
export const cursor = z.string().max(200);

/** @param most items of a page at most; @param usual where the request names no limit */
export const pageQuery = (most: number, usual: number) =>
  rangeQuery.extend({
    limit: z.int().min(1).max(most).default(usual),
    order: z
      .enum(['newest', 'oldest'])
      .default('newest')
      .meta({ description: 'Which come first: the newest or the oldest' }),
    cursor: cursor.optional().meta({ description: '`next` of the page before' }),
  });

/** A page. It may hold fewer than `limit` items, or none, and still have a `next`: filters look at a bounded number of documents per request. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: cursor.optional().meta({ description: '`cursor` of the next page; absent on the last one' }),
  });

export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** RFC 9457. `code` is one of docs/errors.md. */
export const problem = z.object({
  type: z.string().meta({ description: 'URI reference of the page about the code' }),
  title: z.string().meta({ description: 'What the code means' }),
  status: z.int(),
  detail: z.string().meta({ description: 'What was wrong here' }),
  code: z.string(),
  hint: z.string().optional().meta({ description: 'What to do about it' }),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .meta({ description: 'Every wrong parameter or field' }),
});
export type Problem = z.output<typeof problem>;

export const minMax = z.object({ min: z.number(), max: z.number() });
export const minMaxAverage = minMax.extend({ average: z.number() });

/** voltage: V RMS; frequency: Hz; thd: a fraction; transient: highest magnitude above 400 Hz. */
export const METRIC_NAMES = ['voltage', 'frequency', 'thd', 'transient'] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** The same schema for each metric, each of which may be absent. */
export const perMetric = <T extends z.ZodType>(schema: T) =>
  z.object({
    voltage: schema.optional(),
    frequency: schema.optional(),
    thd: schema.optional(),
    transient: schema.optional(),
  });

export const flag = z.enum(['sag', 'swell', 'interruption']);
