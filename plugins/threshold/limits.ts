/** Limits of one box: from the settings, or from `makai_config` (the default or the box's override), which wins over them. */
import type { BoxReference, BoxThresholds } from '../sdk/plugin.js';
import type { ThresholdSettings } from './settings.js';

export interface Limits {
  /** Hz */
  refF: number;
  fLow: number;
  fHigh: number;
  /** volts */
  refV: number;
  vLow: number;
  vHigh: number;
  /** fraction */
  thdHigh: number;
  /** how far inside a limit a value must be to end an excursion, Hz / V / fraction */
  backF: number;
  backV: number;
  backThd: number;
}

/** Limits in hertz, volts and a THD fraction. @param reference of the box; a plugin's own setting wins over the service's, and the store over both */
export function limitsOf(
  settings: ThresholdSettings,
  override: BoxThresholds | undefined,
  reference: BoxReference,
): Limits {
  const { frequency, frequencyFrom, voltage, voltageFrom } = reference;
  const t = override ?? {
    refF: frequencyFrom === 'settings' ? (settings.reference_frequency ?? frequency) : frequency,
    refV: voltageFrom === 'settings' ? (settings.reference_voltage ?? voltage) : voltage,
    fLow: settings.frequency_threshold_percent_low,
    fHigh: settings.frequency_threshold_percent_high,
    vLow: settings.voltage_threshold_percent_low,
    vHigh: settings.voltage_threshold_percent_high,
    thdHigh: settings.thd_threshold_high,
  };
  // Frequency moves in a narrow band: its hysteresis is the same share of its limit as the voltage's is of the voltage limit.
  const share = t.vLow > 0 ? Math.min(settings.hysteresis / t.vLow, 1) : 0;
  return {
    refF: t.refF,
    fLow: t.refF * (1 - t.fLow),
    fHigh: t.refF * (1 + t.fHigh),
    refV: t.refV,
    vLow: t.refV * (1 - t.vLow),
    vHigh: t.refV * (1 + t.vHigh),
    thdHigh: t.thdHigh,
    backF: share * Math.min(t.fLow, t.fHigh) * t.refF,
    backV: settings.hysteresis * t.refV,
    backThd: share * t.thdHigh,
  };
}
