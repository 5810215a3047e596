// Names, defaults and ranges are those of ../settings.ts.
import { Range, Settings } from '../../sdk/assemblyscript/assembly';

export class NapaliSettings {
  alpha: f64 = 0.5;
  fMin: f64 = 59.9;
  fMax: f64 = 60.1;
  rmsMin: f64 = 115;
  rmsMax: f64 = 125;
  thdMax: f64 = 0.05;
  transMax: f64 = 7;
  graceMs: f64 = 5000;
  triggerLocal: bool = false;
  sliceMs: f64 = 20_000;
  longMs: f64 = 60_000;
  debug: bool = false;

  static read(settings: Settings): NapaliSettings {
    const s = new NapaliSettings();
    const alpha = Range.over(0);
    alpha.max = 1;
    const positive = Range.over(0);
    const notNegative = Range.between(0, Infinity);
    const grace = Range.between(0, 50_000);
    grace.whole = true;
    const slice = Range.between(1000, 50_000);
    slice.whole = true;
    s.alpha = settings.number('alpha', s.alpha, alpha);
    s.fMin = settings.number('f_min', s.fMin, positive);
    s.fMax = settings.number('f_max', s.fMax, positive);
    s.rmsMin = settings.number('rms_min', s.rmsMin, notNegative);
    s.rmsMax = settings.number('rms_max', s.rmsMax, positive);
    s.thdMax = settings.number('thd_max', s.thdMax, notNegative);
    s.transMax = settings.number('trans_max', s.transMax, notNegative);
    s.graceMs = settings.number('grace_time_ms', s.graceMs, grace);
    s.triggerLocal = settings.flag('trigger_local', s.triggerLocal);
    s.sliceMs = settings.number('slice_ms', s.sliceMs, slice);
    const long = Range.between(1000, Infinity);
    long.whole = true;
    s.longMs = settings.number('long_ms', s.longMs, long);
    s.debug = settings.flag('debug', s.debug);
    if (s.fMin >= s.fMax) settings.refuse('f_min', 'must be below f_max');
    if (s.rmsMin >= s.rmsMax) settings.refuse('rms_min', 'must be below rms_max');
    return s;
  }
}
