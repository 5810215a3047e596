/** Settings of the threshold plugin: the names of existing services; in spite of `percent` in them the values are fractions (0.05 = 5 %). */
import { z } from 'zod';

const FRACTION_HELP =
  'must be a fraction below 1 (0.05 = 5 %): existing services read it so, in spite of "percent" in the name';

const fraction = z.number().min(0).lt(1, FRACTION_HELP);

export const settingsSchema = z
  .object({
    reference_frequency: z
      .number()
      .positive()
      .optional()
      .describe("reference frequency, Hz; default: the service's nominal_frequency"),
    frequency_threshold_percent_low: fraction
      .default(0.005)
      .describe('event below reference x (1 - this), fraction'),
    frequency_threshold_percent_high: fraction
      .default(0.005)
      .describe('event above reference x (1 + this), fraction'),
    reference_voltage: z
      .number()
      .positive()
      .optional()
      .describe("reference RMS voltage, V; default: the service's nominal_voltage"),
    voltage_threshold_percent_low: fraction
      .default(0.05)
      .describe('event below reference x (1 - this), fraction'),
    voltage_threshold_percent_high: fraction
      .default(0.05)
      .describe('event above reference x (1 + this), fraction'),
    thd_threshold_high: fraction.default(0.05).describe('event above this THD, fraction'),
    hysteresis: fraction
      .default(0)
      .describe(
        'ours: an excursion ends only this far inside the limit, fraction of the reference (IEC 61000-4-30 names 0.02 for dips)',
      ),
    min_duration_ms: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe('ours: shorter excursions are not asked for, ms'),
    slice_ms: z
      .number()
      .int()
      .min(1000)
      .max(50_000)
      .default(20_000)
      .describe('ours: so much of an excursion is asked for at its beginning, while it goes on, ms'),
    last_ms: z
      .number()
      .int()
      .min(1000)
      .max(50_000)
      .default(10_000)
      .describe('ours: so much of a longer excursion is asked for at its end, ms'),
    sample_ms: z
      .number()
      .int()
      .min(100)
      .max(50_000)
      .default(1000)
      .describe('ours: in between, a window of this length is asked for now and then, ms'),
    sample_every_ms: z.number().int().min(60_000).default(600_000).describe('ours: this often, ms'),
    long_ms: z
      .number()
      .int()
      .min(1000)
      .default(60_000)
      .describe(
        'ours: a voltage that stands outside for longer is an undervoltage, an overvoltage or a voltage deviation, ms',
      ),
    suspect_ms: z
      .number()
      .int()
      .min(60_000)
      .default(600_000)
      .describe('ours: after this the calibration constant or the reference of the box is suspected, ms'),
    silence_ms: z
      .number()
      .int()
      .min(1000)
      .default(5000)
      .describe('ours: a box not heard for this long ends its open excursions, ms'),
    debug: z.boolean().default(false).describe('log every measurement of the boxes in debug_devices'),
    debug_devices: z.array(z.number().int().nonnegative()).default([]).describe('box ids that debug logs'),
    mongo_host: z.string().optional().describe("accepted; the daemon's store is used"),
    mongo_port: z.number().int().optional().describe("accepted; the daemon's store is used"),
  })
  .strict()
  .superRefine((value, ctx) => {
    const narrowest = Math.min(value.voltage_threshold_percent_low, value.voltage_threshold_percent_high);
    if (value.hysteresis > narrowest)
      ctx.addIssue({
        code: 'custom',
        path: ['hysteresis'],
        message: `must not be more than the voltage thresholds (${narrowest}), or an excursion could never end`,
      });
  });

export type ThresholdSettings = z.infer<typeof settingsSchema>;

/**
 * Checks the settings, all mistakes together.
 * @throws Error whose message names each field, what was expected and what was found
 */
export function parseSettings(settings: Record<string, unknown>): ThresholdSettings {
  const { path: _path, ...own } = settings;
  const result = settingsSchema.safeParse(own);
  if (result.success) return result.data;
  throw new Error(
    result.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`).join('; '),
  );
}
