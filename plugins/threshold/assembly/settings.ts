// Names, defaults and ranges are those of ../settings.ts, the limits those of ../limits.ts.
import { Range, Settings } from '../../sdk/assemblyscript/assembly';
import { Options } from './excursion';

/** Limits in hertz, volts and a THD fraction. */
export class Limits {
  refF: f64 = 0;
  fLow: f64 = 0;
  fHigh: f64 = 0;
  refV: f64 = 0;
  vLow: f64 = 0;
  vHigh: f64 = 0;
  thdHigh: f64 = 0;
  /** how far inside a limit a value must be to end an excursion */
  backF: f64 = 0;
  backV: f64 = 0;
  backThd: f64 = 0;
}

export class ThresholdSettings {
  readonly limits: Limits = new Limits();
  readonly options: Options = new Options();
  debugDevices: u32[] = [];

  static read(settings: Settings): ThresholdSettings {
    const s = new ThresholdSettings();
    const positive = Range.over(0);
    const refF = settings.number('reference_frequency', 60, positive);
    const fLow = fraction(settings, 'frequency_threshold_percent_low', 0.005);
    const fHigh = fraction(settings, 'frequency_threshold_percent_high', 0.005);
    const refV = settings.number('reference_voltage', 120, positive);
    const vLow = fraction(settings, 'voltage_threshold_percent_low', 0.05);
    const vHigh = fraction(settings, 'voltage_threshold_percent_high', 0.05);
    const thdHigh = fraction(settings, 'thd_threshold_high', 0.05);
    const hysteresis = fraction(settings, 'hysteresis', 0);
    const duration = Range.between(0, Infinity);
    duration.whole = true;
    s.options.minDurationMs = settings.number('min_duration_ms', 0, duration);
    const slice = Range.between(1000, 50_000);
    slice.whole = true;
    s.options.sliceMs = settings.number('slice_ms', 20_000, slice);
    const silence = Range.between(1000, Infinity);
    silence.whole = true;
    s.options.silenceMs = settings.number('silence_ms', 5000, silence);
    const debug = settings.flag('debug', false);
    const devices = settings.boxIds('debug_devices');
    s.debugDevices = debug ? devices : [];
    settings.text('mongo_host', '');
    settings.number('mongo_port', 0);
    if (hysteresis > Math.min(vLow, vHigh)) {
      settings.refuse(
        'hysteresis',
        'must not be more than the voltage thresholds, or an excursion could never end',
      );
    }
    const share = vLow > 0 ? Math.min(hysteresis / vLow, 1) : 0;
    const l = s.limits;
    l.refF = refF;
    l.fLow = refF * (1 - fLow);
    l.fHigh = refF * (1 + fHigh);
    l.refV = refV;
    l.vLow = refV * (1 - vLow);
    l.vHigh = refV * (1 + vHigh);
    l.thdHigh = thdHigh;
    l.backF = share * Math.min(fLow, fHigh) * refF;
    l.backV = hysteresis * refV;
    l.backThd = share * thdHigh;
    return s;
  }
}

/** In spite of "percent" in the names the field's programs read fractions. */
function fraction(settings: Settings, name: string, fallback: f64): f64 {
  const range = Range.between(0, Infinity);
  range.below = 1;
  return settings.number(name, fallback, range);
}
