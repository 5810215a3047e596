/** What the parts of the suite share: a fresh store with a clock of its own, and documents to put into it. */
import {
  createColumns,
  type Flag,
  flagBits,
  METRICS,
  type MeasurementColumns,
  type Metric,
} from '../../../proto/columns.js';
import type {
  BoxEventDocument,
  IncidentWithSamples,
  NewAggregate,
  NewEvent,
  NewIncident,
  Retention,
} from '../../../store/documents.js';
import type { Store } from '../../../store/store.js';
import type { MakeStore, StoreFixture } from '../contract.js';
import { type Writable, writable } from '../writable.js';

export const HOUR = 3600;
export const DAY = 24 * HOUR;

export interface Given extends Omit<StoreFixture, 'store' | 'another'> {
  store: Writable<Store>;
  another(): Promise<Writable<Store>>;
  /** Unix ms, whole seconds; tests set it */
  clock: { ms: number };
}

/** Makes a store before each test and removes it afterwards. Call it inside `describe`; the result is filled when a test runs. */
export function givenStore(makeStore: MakeStore, retention: Partial<Retention> = {}): () => Given {
  let given: Given | undefined;
  beforeEach(async () => {
    const clock = { ms: Math.ceil(Date.now() / 1000) * 1000 };
    const options = {
      retention: { mode: 'ttl' as const, measurementsSeconds: DAY, ...retention },
      now: () => clock.ms,
    };
    // The fixture's own object stays what its maker made, so that its methods keep their `this`.
    const fixture = await makeStore(options);
    const another = fixture.another.bind(fixture);
    given = Object.assign(fixture, {
      clock,
      store: writable(fixture.store),
      another: async () => writable(await another()),
    });
  });
  afterEach(async () => {
    await given?.cleanup();
    given = undefined;
  });
  return () => {
    if (given === undefined) throw new Error('a store is there only while a test runs');
    return given;
  };
}

export interface Sample {
  box: number;
  at: number;
  /** one value: min, average and max alike (Box 2); three: min, average, max (Box 3) */
  metrics?: Partial<Record<Metric, number | [number, number, number]>>;
  invalid?: Metric[];
  flagged?: Flag[];
}

/** Columns with room to spare at the end, filled with rubbish that no store may read. */
export function columnsOf(samples: readonly Sample[], shared = false): MeasurementColumns {
  const columns = createColumns(samples.length + 3, shared);
  columns.count = samples.length;
  columns.boxId.fill(4_000_000_000);
  columns.timestampMs.fill(1);
  for (const metric of METRICS) for (const part of Object.values(columns[metric])) part.fill(77);
  samples.forEach((sample, i) => {
    columns.boxId[i] = sample.box;
    columns.timestampMs[i] = sample.at;
    columns.invalid[i] = (sample.invalid ?? []).reduce(
      (bits, metric) => bits | (1 << METRICS.indexOf(metric)),
      0,
    );
    columns.flags[i] = flagBits(sample.flagged ?? []);
    columns.dialect[i] = 2;
    for (const metric of METRICS) {
      const value = sample.metrics?.[metric] ?? Number.NaN;
      const [min, average, max] = typeof value === 'number' ? [value, value, value] : value;
      columns[metric].min[i] = min;
      columns[metric].average[i] = average;
      columns[metric].max[i] = max;
    }
  });
  return columns;
}

export function newEvent(eventId: number, startMs: number, more: Partial<NewEvent> = {}): NewEvent {
  return {
    event_id: eventId,
    type: 'VOLTAGE_SAG',
    description: `test event ${eventId}`,
    boxes_triggered: ['1001', '1002'],
    percent_magnitude: 16.4,
    target_event_start_timestamp_ms: startMs,
    target_event_end_timestamp_ms: startMs + 2000,
    ...more,
  };
}

/** An aggregate of ten minutes with all its fields. */
export function wholeAggregate(boxId: string, endMs: number, rms = 119.25): NewAggregate {
  return {
    box_id: boxId,
    timestamp_ms: endMs,
    window_seconds: 600,
    location: 'lab',
    measurements: 3600,
    flagged: 2,
    coverage: 59 / 60,
    voltage: { rms, min: 101.5, max: 121 },
    frequency: { min: 59.98, max: 60.02, average: 60.000_000_001, ten_second: [59.98, 60, 60.02] },
    thd: { rms: 0.02, min: 0.01, max: 0.03, three_second: { step: 0.001, from: 10, counts: [1, 0, 199] } },
  };
}

/** One of two hours with nothing that may be absent. */
export function bareAggregate(boxId: string, endMs: number): NewAggregate {
  return {
    box_id: boxId,
    timestamp_ms: endMs,
    window_seconds: 7200,
    location: 'unknown',
    measurements: 0,
    flagged: 0,
    coverage: 0,
  };
}

export function boxEvent(eventId: number, boxId: string, startMs: number, cycles = 3): BoxEventDocument {
  const times = Array.from({ length: cycles }, (_, i) => startMs + Math.round((i * 1000) / 60));
  return {
    event_id: eventId,
    box_id: boxId,
    event_start_timestamp_ms: startMs,
    event_end_timestamp_ms: (times.at(-1) ?? startMs) + 16,
    window_timestamps_ms: times,
    location: 'unknown',
    data_fs_filename: `event_${eventId}_${boxId}`,
  };
}

/** A sag as the analysis finds it. */
export function finding(
  eventId: number,
  boxId: string,
  startMs: number,
  more: Partial<NewIncident> = {},
): IncidentWithSamples {
  const incident: NewIncident = {
    ...{ event_id: eventId, box_id: boxId, location: 'lab-3', source: 'makai', measurement_type: 'VOLTAGE' },
    ...{ start_timestamp_ms: startMs, end_timestamp_ms: startMs + 180, deviation_from_nominal: -33.5 },
    measurements: [{ box_id: boxId, timestamp_ms: startMs + 90, voltage: 86.5, frequency: 60 }],
    classifications: ['VOLTAGE_SAG', 'ITIC_NO_DAMAGE'],
    ieee_duration: 'INSTANTANEOUS',
    metadata: {
      residual_pu: 0.72,
      itic: { region: 'no interruption' },
      shape: 'rectangular',
      open_end: false,
    },
    ...more,
  };
  return { incident, samples: counts(40, startMs) };
}

/** `length` counts that use all 16 bits. */
export function counts(length: number, seed = 1): Int16Array {
  let state = seed;
  return Int16Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >> 16;
  });
}

export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

export async function all<T>(documents: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const document of documents) list.push(document);
  return list;
}
