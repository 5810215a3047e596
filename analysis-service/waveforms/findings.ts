/** From what the analysis of a waveform found to incidents. */
import { ANALYSIS_SOURCE, incidentLocation } from '../../store/incidents.js';
import type {
  IncidentMeasurement,
  IncidentWithSamples,
  MeasurementDocument,
  MeasurementReader,
} from '../../store/store.js';
import type { ClockError } from '../clocks/clocks.js';
import type { LoadedWaveform } from './input.js';
import type { KnownBox } from './references.js';
import type { Found } from './results.js';

/** Copies of measurements in one incident: more of a long one would be too large a document. */
const MOST_MEASUREMENTS = 1000;

const FIELD_OF: Readonly<Record<string, 'voltage' | 'frequency' | 'thd' | 'transient'>> = {
  VOLTAGE: 'voltage',
  FREQUENCY: 'frequency',
  THD: 'thd',
  TRANSIENT: 'transient',
};

/**
 * With what the waveform was judged by in its metadata; without the box's measurements (`withMeasurements`).
 * @param clock undefined: the box's clock is right, or nothing is known of it
 */
export function findingOf(
  { candidate, samples }: Found,
  { boxEvent, rate }: Pick<LoadedWaveform, 'boxEvent'> & { rate: number },
  { box, calibration, reference }: KnownBox,
  clock?: ClockError,
): IncidentWithSamples {
  const { classes, deviation, endMs, ieeeDuration, openEnd, openStart, quantity, startMs, worst } = candidate;
  const startWhole = Math.round(startMs);
  const endWhole = Math.max(startWhole, Math.round(endMs));
  const metadata = {
    ...candidate.metadata,
    worst,
    ...(openStart ? { open_start: true } : {}),
    ...(openEnd ? { open_end: true } : {}),
    nominal_voltage_v: reference.voltage,
    nominal_frequency_hz: reference.frequency,
    calibration_constant: calibration,
    rate_hz: rate,
    ...(clock === undefined
      ? {}
      : {
          clock_offset_ms: Math.round(clock.offsetMs),
          clock_uncertainty_ms: Math.ceil(clock.uncertaintyMs),
        }),
  };
  return {
    incident: {
      event_id: boxEvent.event_id,
      box_id: boxEvent.box_id,
      start_timestamp_ms: startWhole,
      end_timestamp_ms: endWhole,
      location: incidentLocation(box),
      measurement_type: quantity,
      deviation_from_nominal: Number.isFinite(deviation) ? deviation : 0,
      measurements: [],
      classifications: [...classes],
      ieee_duration: ieeeDuration,
      metadata: finite(metadata) as Record<string, unknown>,
      source: ANALYSIS_SOURCE,
    },
    samples,
  };
}

/** Adds the box's measurements of its span. */
export async function withMeasurements(
  { incident, samples }: IncidentWithSamples,
  store: Pick<MeasurementReader, 'measurements'>,
): Promise<IncidentWithSamples> {
  const { box_id, end_timestamp_ms, measurement_type, start_timestamp_ms } = incident;
  const { kept, omitted } = await measurementsOf(
    store,
    box_id,
    measurement_type,
    start_timestamp_ms,
    end_timestamp_ms,
  );
  const metadata = omitted > 0 ? { ...incident.metadata, measurements_omitted: omitted } : incident.metadata;
  return { incident: { ...incident, measurements: kept, metadata }, samples };
}

/** The box's measurements from `startMs` to `endMs`; of very many, those with the lowest and the highest values of the quantity. */
export async function measurementsOf(
  store: Pick<MeasurementReader, 'measurements'>,
  boxId: string,
  quantity: string,
  startMs: number,
  endMs: number,
): Promise<{ kept: IncidentMeasurement[]; omitted: number }> {
  const field = FIELD_OF[quantity] ?? 'voltage';
  let kept: IncidentMeasurement[] = [];
  let total = 0;
  for await (const document of store.measurements(boxId, { fromMs: startMs, toMs: endMs + 1 })) {
    kept.push(copyOf(document));
    total += 1;
    // A day of measurements is thinned out as it is read.
    if (kept.length >= 4 * MOST_MEASUREMENTS) kept = thinned(kept, field);
  }
  if (kept.length > MOST_MEASUREMENTS) kept = thinned(kept, field);
  return { kept, omitted: total - kept.length };
}

function copyOf({ expire_at: _, ...measurement }: MeasurementDocument): IncidentMeasurement {
  return measurement;
}

/** The half of the limit from each end of the values, in order of time. */
function thinned(
  measurements: readonly IncidentMeasurement[],
  field: 'voltage' | 'frequency' | 'thd' | 'transient',
): IncidentMeasurement[] {
  const byValue = measurements.toSorted((a, b) => (a[field] ?? 0) - (b[field] ?? 0));
  const half = MOST_MEASUREMENTS / 2;
  return [...byValue.slice(0, half), ...byValue.slice(-half)].sort((a, b) => a.timestamp_ms - b.timestamp_ms);
}

/** Without numbers that are none: a document keeps no NaN. In plain loops, which are run once for each of some hundred values of an incident. */
function finite(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const kept: unknown[] = [];
    for (const part of value) push(kept, finite(part));
    return kept;
  }
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const part = finite(Reflect.get(value, key));
    if (part !== undefined) kept[key] = part;
  }
  return kept;
}

function push(kept: unknown[], part: unknown): void {
  if (part !== undefined) kept.push(part);
}
