/**
 * Where incident ids come from. As a rule the store gives them, atomically. Beside the existing analysis service they are asked from it
 * (`incident_id_endpoint`, asked-incident-ids.ts), since it counts in memory and would give ours again.
 */
import type { Running } from '../common/lifecycle.js';
import type { IncidentWithSamples } from '../store/store.js';

export interface IncidentIds extends Running {
  /** Gives an id to each finding that needs one from elsewhere. @throws MakaiError TIMEOUT while nobody replies */
  number(findings: readonly IncidentWithSamples[]): Promise<readonly IncidentWithSamples[]>;
}

/** The store numbers them when they are written. */
export const STORE_IDS: IncidentIds = {
  number: async (findings) => findings,
  stop: async () => undefined,
};
