/** Urms(1/2) of the API as a curve in per unit. */
import type { Rms } from '../../web-service/api/index.js';

export interface Curve {
  boxId: string;
  /** ms from the origin on */
  times: number[];
  /** pu; null: a gap */
  values: (number | null)[];
}

/** More than this many usual steps between two values is a gap. */
const GAP_STEPS = 4;

/** Where values were put together, the one that is farther from nominal counts: no sag and no swell is lost. */
export function curveOf(rms: Rms, originMs: number): Curve {
  const curve: Curve = { boxId: rms.box_id, times: [], values: [] };
  const steps = rms.timestamp_ms.slice(1).map((ms, i) => ms - (rms.timestamp_ms[i] ?? ms));
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 0;
  rms.timestamp_ms.forEach((ms, i) => {
    if (i > 0 && (steps[i - 1] ?? 0) > usual * GAP_STEPS) {
      curve.times.push(ms - originMs - (steps[i - 1] ?? 0) / 2);
      curve.values.push(null);
    }
    const [min, max] = [
      (rms.min[i] ?? Number.NaN) / rms.nominal_voltage,
      (rms.max[i] ?? Number.NaN) / rms.nominal_voltage,
    ];
    const value = Math.abs(max - 1) > Math.abs(min - 1) ? max : min;
    curve.times.push(ms - originMs);
    curve.values.push(Number.isFinite(value) ? value : null);
  });
  return curve;
}
