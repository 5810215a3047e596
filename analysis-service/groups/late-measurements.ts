/** Measurements of the span of an incident may be stored later than its waveform. */
import { newIncidentOf } from '../../store/incidents.js';
import type { Store } from '../../store/store.js';
import { measurementsOf } from '../waveforms/findings.js';

/** Copies into a stored incident what has been stored of its span since. @throws MakaiError what the store says */
export async function completeMeasurements(store: Store, incidentId: number): Promise<void> {
  const stored = await store.incident(incidentId);
  if (stored === undefined) return;
  const { box_id, end_timestamp_ms: endMs, measurement_type, start_timestamp_ms: startMs } = stored;
  const { kept, omitted } = await measurementsOf(store, box_id, measurement_type, startMs, endMs);
  if (omitted > 0 || kept.length <= stored.measurements.length) return;
  const incident = { ...newIncidentOf(stored), measurements: kept };
  await store.apply({ kind: 'incident', incident, samples: new Int16Array() });
}
