/** A store with a week of three boxes: one in order, one with a bad day, one that is at 230 V and 50 Hz; and their incidents. */
import { analyseWaveform } from '../../signal/index.js';
import type { IncidentWithSamples, NewAggregate, Store } from '../../store/store.js';
import { openWritable, type Writable } from '../store/writable.js';

export const TEN_MINUTES = 600_000;
export const WEEK = 7 * 86_400_000;
/** a Monday, 00:00 UTC */
export const START = Date.UTC(2026, 10, 16);

/** A random number from a hash of its arguments: the same at each run. */
function noise(a: number, b: number): number {
  const x = Math.sin(12.9898 * a + 78.233 * b) * 43758.5453;
  return x - Math.floor(x) - 0.5;
}

export interface WindowChange {
  voltage?: number;
  frequency?: number;
  thd?: number;
  coverage?: number;
  flagged?: number;
}

/** A window of an ordinary day; `i` counts windows from START. */
export function window(
  boxId: string,
  i: number,
  {
    nominal = 120,
    hertz = 60,
    change = {},
  }: { nominal?: number; hertz?: number; change?: WindowChange } = {},
): NewAggregate {
  const hour = ((i % 144) / 144) * 24;
  const load = Math.sin(((hour - 6) / 24) * 2 * Math.PI);
  const box = Number(boxId);
  const rms = change.voltage ?? nominal * (1.005 - 0.018 * load + 0.006 * noise(i, box));
  const f = change.frequency ?? hertz + 0.01 * noise(i, 1);
  const ten_second = Array.from({ length: 60 }, (_, k) => Number((f + 0.012 * noise(i, k)).toFixed(4)));
  const thd = change.thd ?? 0.022 + 0.009 * load + 0.004 * noise(i, box + 5);
  const step = Math.floor(thd / 0.001);
  return {
    box_id: boxId,
    timestamp_ms: START + (i + 1) * TEN_MINUTES,
    window_seconds: 600,
    location: boxId === '1006' ? 'lab-2' : 'library',
    measurements: 600,
    flagged: change.flagged ?? 0,
    coverage: change.coverage ?? 1,
    voltage: { rms, min: rms - 0.8, max: rms + 0.7 },
    frequency: {
      min: Math.min(...ten_second),
      max: Math.max(...ten_second),
      average: ten_second.reduce((a, b) => a + b, 0) / ten_second.length,
      ten_second,
    },
    thd: {
      rms: thd,
      min: 0.9 * thd,
      max: 1.1 * thd,
      three_second: { step: 0.001, from: step - 1, counts: [50, 100, 50] },
    },
  };
}

/** The incidents of a generated sag (or swell, above 1), as the analysis finds them. */
export function sagIncidents(
  boxId: string,
  eventId: number,
  { atMs, pu, seconds }: { atMs: number; pu: number; seconds: number },
): IncidentWithSamples[] {
  const rate = 12_000;
  const samples = Float64Array.from({ length: Math.ceil((seconds + 0.6) * rate) }, (_, i) => {
    const t = i / rate;
    const amplitude = t >= 0.3 && t < 0.3 + seconds ? pu : 1;
    return amplitude * 120 * Math.SQRT2 * Math.sin(2 * Math.PI * 60 * t);
  });
  const options = {
    rate,
    nominalVoltage: 120,
    nominalFrequency: 60,
    calibration: 1,
    startMs: atMs - 300,
  };
  return analyseWaveform(samples, options)
    .incidents.filter(({ quantity }) => quantity === 'VOLTAGE')
    .map((found) => ({
      incident: {
        event_id: eventId,
        box_id: boxId,
        start_timestamp_ms: Math.round(found.startMs),
        end_timestamp_ms: Math.round(found.endMs),
        location: boxId === '1006' ? 'lab-2' : 'library',
        measurement_type: found.quantity,
        deviation_from_nominal: found.deviation,
        measurements: [],
        classifications: found.classes,
        ieee_duration: found.ieeeDuration,
        metadata: found.metadata,
        source: 'makai',
      },
      samples: new Int16Array(),
    }));
}

/** A store in memory, or in a file, with boxes and nothing else. */
export async function boxesOnly(file = ':memory:'): Promise<Writable<Store>> {
  const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
  const store = await openWritable(file, { retention, thread: 'inline', now: () => START + WEEK });
  const box = { calibration_constant: 150, unplugged: false };
  await store.putBox({ ...box, box_id: '1006', name: 'Lab, second floor', location: 'lab-2' });
  await store.putBox({ ...box, box_id: '1009', location: 'library' });
  await store.putBox({ ...box, box_id: '2001', name: 'Guest <230 V>', location: 'library' });
  await store.putMakaiConfig({
    triggering: {
      ...{ default_ref_f: 60, default_ref_v: 120, default_threshold_percent_f_low: 0.5 },
      ...{ default_threshold_percent_f_high: 0.5, default_threshold_percent_v_low: 5 },
      ...{ default_threshold_percent_v_high: 5, default_threshold_percent_thd_high: 3 },
      triggering_overrides: [
        {
          ...{
            box_id: '2001',
            ref_f: 50,
            ref_v: 230,
            threshold_percent_f_low: 1,
            threshold_percent_f_high: 1,
          },
          ...{ threshold_percent_v_low: 5, threshold_percent_v_high: 5 },
        },
      ],
    },
  });
  return store;
}

/** The week: box 1006 with a bad Thursday and a gap, 1009 in order, 2001 at 230 V; sags, a swell and an interruption. */
export async function fillWeek(store: Writable<Store>): Promise<void> {
  const windows = Array.from({ length: 1008 }, (_, i) => i);
  const bad = (i: number): WindowChange => {
    if (i >= 470 && i < 540) return { voltage: 104 + 3 * noise(i, 3), thd: 0.095 };
    if (i === 700) return { coverage: 0.3 };
    return i === 205 ? { flagged: 30 } : {};
  };
  const isGap = (i: number): boolean => i >= 800 && i < 860;
  await store.putAggregates(
    windows.filter((i) => !isGap(i)).map((i) => window('1006', i, { change: bad(i) })),
  );
  await store.putAggregates(windows.map((i) => window('1009', i)));
  await store.putAggregates(windows.map((i) => window('2001', i, { nominal: 230, hertz: 50 })));
  const shapes = [
    ...[
      { pu: 0.72, seconds: 0.18 },
      { pu: 0.45, seconds: 0.4 },
      { pu: 0.85, seconds: 2.5 },
    ],
    ...[
      { pu: 0.02, seconds: 0.25 },
      { pu: 1.25, seconds: 0.6 },
      { pu: 0.78, seconds: 0.9 },
    ],
    ...[
      { pu: 0.6, seconds: 0.05 },
      { pu: 1.15, seconds: 0.1 },
      { pu: 0.75, seconds: 4 },
    ],
  ];
  for (const [i, shape] of shapes.entries()) {
    const atMs = START + (i + 0.4) * 0.7 * 86_400_000;
    for (const box of ['1006', '1009'].slice(i % 2)) {
      const incidents = sagIncidents(box, i + 1, { atMs, ...shape });
      for (const one of incidents) await store.putIncident(one);
    }
  }
}
