/** What is said of a voltage that has stood outside its limits for ten minutes: a constant or a setting is wrong, more likely than the grid. */
import type { BoxReference } from '../sdk/plugin.js';
import { durationText } from './describe.js';

/** Nominal voltages of the world, V: IEC 60038 and ANSI C84.1. */
const NOMINALS = [100, 110, 115, 120, 127, 200, 208, 220, 230, 240, 277, 347, 400, 415, 480] as const;
/** A voltage this near a nominal one looks like it, and one further from its own reference is not that of the same grid. */
const NEAR = 0.06;
const FAR = 0.2;

/** Where the reference of a box is written. */
const SETTINGS = {
  override: (boxId: number) => `ref_v of box ${boxId} in makai_config`,
  makai_config: () => 'default_ref_v in makai_config',
  box: (boxId: number) => `its own (makai boxes set ${boxId} --nominal-voltage)`,
  settings: () => "nominal_voltage in the triggering service's file, or reference_voltage of threshold in it",
} as const;

/** @param standing the voltage, V RMS, and since when, ms */
export function suspicionOf(
  boxId: number,
  { lastedMs, mean }: { lastedMs: number; mean: number },
  referenceV: number,
  { voltageFrom }: BoxReference,
): string {
  const setting = SETTINGS[voltageFrom](boxId);
  const percent = ((100 * (mean - referenceV)) / referenceV).toFixed(1);
  const facts = `${mean.toFixed(2)} V for ${durationText(lastedMs)}, ${percent} % from its reference of ${referenceV} V`;
  const other = Math.abs(mean / referenceV - 1) > FAR ? nearest(mean) : undefined;
  if (other !== undefined)
    return `reference of box ${boxId}? ${facts}, which looks like a grid of ${other} V; the reference is ${setting}`;
  return `${facts}: the calibration constant of box ${boxId}, or its reference, which is ${setting}`;
}

function nearest(volts: number): number | undefined {
  const near = [...NOMINALS].sort((a, b) => Math.abs(a - volts) - Math.abs(b - volts))[0];
  return near !== undefined && Math.abs(volts / near - 1) <= NEAR ? near : undefined;
}
