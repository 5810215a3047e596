/**
 * Settings of the plugins that ship, as far as the field knows them: kinds and limits. What a plugin has beyond these it checks itself
 * when it is loaded.
 */
import { z } from 'zod';
import { expectedOf, expecting } from './field.js';
import { type Finding, foundText, looksSecret, pathText } from './findings.js';
import { flag, text } from './types.js';

const positive = () => expecting(z.number().positive(), 'a number above 0');
const fraction = () =>
  expecting(
    z.number().min(0).lt(1),
    'a fraction from 0 to below 1 (in spite of the name: 0.05 is 5 %, as the program of the field read it)',
  );

const SETTINGS: Readonly<Record<string, z.ZodObject>> = {
  print: z.looseObject({ print: flag().optional() }),
  health: z.looseObject({
    address: expecting(
      z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/),
      'an address such as "0.0.0.0:8080"',
    ).optional(),
  }),
  napali: z.looseObject({
    alpha: expecting(z.number().gt(0).max(1), 'a number above 0, at most 1').optional(),
    f_min: positive().optional(),
    f_max: positive().optional(),
    rms_min: positive().optional(),
    rms_max: positive().optional(),
    thd_max: fraction().optional(),
    trans_max: positive().optional(),
    grace_time_ms: expecting(z.int().min(0), 'a whole number of milliseconds').optional(),
    trigger_local: flag().optional(),
  }),
  threshold: z.looseObject({
    reference_frequency: positive().optional(),
    frequency_threshold_percent_low: fraction().optional(),
    frequency_threshold_percent_high: fraction().optional(),
    reference_voltage: positive().optional(),
    voltage_threshold_percent_low: fraction().optional(),
    voltage_threshold_percent_high: fraction().optional(),
    thd_threshold_high: fraction().optional(),
    debug: flag().optional(),
    debug_devices: expecting(
      z.array(z.union([z.int().min(0), z.string().regex(/^\d+$/)])),
      'a list of box ids',
    ).optional(),
    mongo_host: text(255).optional(),
  }),
};

/** Mistakes in the settings of a plugin that ships. */
export function settingsMistakes(
  name: string,
  settings: Readonly<Record<string, unknown>>,
  at: readonly PropertyKey[],
): Finding[] {
  const schema = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  const issues = schema?.safeParse(settings).error?.issues ?? [];
  return issues.map((issue) => {
    const key = String(issue.path[0] ?? '');
    const setting = schema?.shape[key];
    const expected = (setting && expectedOf(setting)) ?? issue.message;
    const found = looksSecret(key) ? 'another value' : foundText(settings[key]);
    return {
      severity: 'plugin',
      path: pathText([...at, key]),
      message: `expected ${expected}, found ${found}`,
    };
  });
}
