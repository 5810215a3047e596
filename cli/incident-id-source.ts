/** Which service gives incident ids to a command that writes incidents: the one that the analysis service of the same store asks. */
import { codeOf, messageOf } from '../common/errors.js';
import { placeOf } from '../common/store-url.js';
import { loadConfig } from '../config/load.js';
import { locateConfigFile } from '../config/locate.js';
import { storeUrlOf } from './chosen-store.js';
import type { StoreChoice } from './store-access.js';

export interface IncidentIdSource {
  /** undefined: the store gives the ids */
  endpoint: string | undefined;
  /** why it could not be found out, for the user */
  note?: string;
}

/**
 * Reads `incident_id_endpoint` from the analysis service's file: the one that `--store config:` names, or the one of the working folder or of this machine, where that is for
 * the same store.
 */
export function incidentIdSource(choice: StoreChoice): IncidentIdSource {
  const named = choice.store?.startsWith('config:') ? choice.store.slice('config:'.length) : undefined;
  const located = locateConfigFile('analysis-service', choice.dir);
  const place = placeOf(storeUrlOf(choice));
  let note: string | undefined;
  for (const file of new Set([named, located])) {
    if (file === undefined) continue;
    try {
      const { incidentIdEndpoint, storeUrl } = loadConfig('analysis-service', file).settings;
      if (placeOf(storeUrl) === place && incidentIdEndpoint !== undefined)
        return { endpoint: incidentIdEndpoint };
    } catch (error) {
      // The named file may be that of another daemon.
      if (file === named && codeOf(error) === 'CONFIG_INVALID') continue;
      note = `incident ids come from the store, since the analysis service's settings cannot be read: ${messageOf(error)}`;
    }
  }
  return { endpoint: undefined, ...(note === undefined ? {} : { note }) };
}
