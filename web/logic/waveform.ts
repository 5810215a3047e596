/** Reads the binary waveform of the API (its layout: web-service/api/waveform.ts) into runs in volts, with times from the start of the range on. */
import type { Run } from './bands.js';

/** What a reply holds; in `bands` form each run has minima and maxima. */
export interface Waveform {
  form: 'samples' | 'bands';
  /** counts per volt */
  calibration: number;
  fromMs: number;
  toMs: number;
  totalSamples: number;
  /** `startMs` of each is relative to the origin that was given */
  runs: Run[];
  /** volts (or counts) for one unit of the values */
  factor: number;
}

const HEADER_BYTES = 48;
const RUN_BYTES = 24;

/**
 * @param originMs Unix ms that the runs' times are relative to: small numbers keep their fractions
 * @throws Error with what does not fit, when it is no waveform
 */
export function readWaveform(buffer: ArrayBuffer, originMs: number): Waveform {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, false) !== 0x4d4b5731) {
    throw new Error('the reply is no waveform (MKW1)');
  }
  const isFloat = view.getUint8(4) === 2;
  const isBands = view.getUint8(5) === 1;
  const calibration = view.getFloat64(8, true);
  const [runCount, count] = [view.getUint32(32, true), view.getUint32(36, true)];
  const dataAt = HEADER_BYTES + runCount * RUN_BYTES;
  const bytes = count * (isFloat ? 4 : 2) * (isBands ? 2 : 1);
  if (buffer.byteLength !== dataAt + bytes) {
    throw new Error(`the waveform has ${buffer.byteLength} bytes, ${dataAt + bytes} were announced`);
  }
  const values = (from: number, length: number): Run['values'] =>
    isFloat
      ? new Float32Array(buffer, dataAt + from * 4, length)
      : new Int16Array(buffer, dataAt + from * 2, length);
  const runs = Array.from({ length: runCount }, (_, i) => {
    const at = HEADER_BYTES + i * RUN_BYTES;
    const [first, length] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
    if (first + length > count) throw new Error('a run of the waveform lies outside of its values');
    const min = values(first, length);
    return {
      startMs: view.getFloat64(at, true) - originMs,
      stepMs: view.getFloat64(at + 8, true),
      values: min,
      ...(isBands ? { max: values(count + first, length) } : {}),
    };
  });
  return {
    form: isBands ? 'bands' : 'samples',
    calibration,
    fromMs: view.getFloat64(16, true),
    toMs: view.getFloat64(24, true),
    totalSamples: view.getUint32(40, true),
    runs,
    factor: isFloat ? 1 : 1 / calibration,
  };
}

/** Lowest and highest value of all runs, as volts; undefined of an empty waveform. */
export function voltsExtent({
  factor,
  runs,
}: Pick<Waveform, 'factor' | 'runs'>): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { max, values } of runs) {
    for (const value of values) if (value < low) low = value;
    for (const value of max ?? values) if (value > high) high = value;
  }
  return low <= high ? { low: low * factor, high: high * factor } : undefined;
}
