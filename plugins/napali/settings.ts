/** Settings of the napali plugin, for `makai config check`: names and defaults of existing configurations. The plugin itself reads them in assembly/settings.ts. */
import { z } from 'zod';

export const settingsSchema = z
  .object({
    alpha: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('weight of the newest measurement in mean and deviation'),
    f_min: z.number().positive().default(59.9).describe('min frequency, Hz'),
    f_max: z.number().positive().default(60.1).describe('max frequency, Hz'),
    rms_min: z.number().min(0).default(115).describe('min RMS voltage, V'),
    rms_max: z.number().positive().default(125).describe('max RMS voltage, V'),
    thd_max: z.number().min(0).default(0.05).describe('max THD, fraction'),
    trans_max: z.number().min(0).default(7).describe('max transient magnitude, V'),
    grace_time_ms: z
      .number()
      .int()
      .min(0)
      .max(50_000)
      .default(5000)
      .describe('an event ends when its boxes stayed inside the limits this long, ms'),
    trigger_local: z.boolean().default(false).describe('also ask for events that only one box shows'),
    slice_ms: z
      .number()
      .int()
      .min(1000)
      .max(50_000)
      .default(20_000)
      .describe('ours: an event still open after this is asked for and goes on, ms'),
    long_ms: z
      .number()
      .int()
      .min(1000)
      .default(60_000)
      .describe('ours: a box above a limit for longer takes no part until it has been inside, ms'),
    debug: z.boolean().default(false).describe('log how events open, grow and end'),
  })
  .strict()
  .superRefine((s, ctx) => {
    if (s.f_min >= s.f_max) ctx.addIssue({ code: 'custom', path: ['f_min'], message: 'must be below f_max' });
    if (s.rms_min >= s.rms_max)
      ctx.addIssue({ code: 'custom', path: ['rms_min'], message: 'must be below rms_max' });
  });
