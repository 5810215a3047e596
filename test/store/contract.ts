/**
 * The suite that every store passes: `storeContract(name, makeStore)` in a test file of its own. Each test gets a fresh, empty
 * database from `makeStore`; nothing here knows which kind it is.
 */
import type { BoxEventDocument, LahaConfigDocument } from '../../store/documents.js';
import type { Store, StoreOptions } from '../../store/store.js';
import { aggregatesContract } from './contract/aggregates.js';
import { alertsContract } from './contract/alerts.js';
import { boxesContract } from './contract/boxes.js';
import { calibrationContract } from './contract/calibration.js';
import { documentsContract } from './contract/documents.js';
import { eventsContract } from './contract/events.js';
import { expiryContract } from './contract/expiry.js';
import { incidentsContract } from './contract/incidents.js';
import { keepContract } from './contract/keep.js';
import { lahaContract } from './contract/laha.js';
import { measurementsContract } from './contract/measurements.js';
import { originalsContract } from './contract/originals.js';
import { peopleContract } from './contract/people.js';
import { pluginsContract } from './contract/plugins.js';
import { repeatsContract } from './contract/repeats.js';
import { restoreContract } from './contract/restore.js';
import { sizeContract } from './contract/size.js';
import { trendsContract } from './contract/trends.js';
import { waveformsContract } from './contract/waveforms.js';

export interface StoreFixture {
  /** on a fresh, empty database */
  store: Store;
  /** one more instance on the same database, as another process would open it; `cleanup` closes it */
  another(): Promise<Store>;
  /** writes `laha_config` as the analysis service does */
  writeLahaConfig(document: LahaConfigDocument): Promise<void>;
  /** what is in a collection that the contract only writes, by the field names of the data model (`_id` and others do no harm) */
  written(collection: 'makai_metrics' | 'health'): Promise<Record<string, unknown>[]>;
  /**
   * Leaves what a crash in the middle of `putBoxEvent` leaves: the file alone, or file and box event without the push to the event.
   * Absent where a box event is stored in one transaction.
   */
  halfDone?(stage: 'file' | 'box event', boxEvent: BoxEventDocument, samples: Int16Array): Promise<void>;
  /** open requests stay with the instance that keeps them (a spool), and are not seen by another one */
  openRequestsStayHere?: boolean;
  /** closes every instance and removes the database */
  cleanup(): Promise<void>;
}

export type MakeStore = (options: StoreOptions) => Promise<StoreFixture>;

export function storeContract(name: string, makeStore: MakeStore): void {
  describe(`${name}: the store contract`, () => {
    measurementsContract(makeStore);
    trendsContract(makeStore);
    aggregatesContract(makeStore);
    pluginsContract(makeStore);
    eventsContract(makeStore);
    waveformsContract(makeStore);
    calibrationContract(makeStore);
    incidentsContract(makeStore);
    repeatsContract(makeStore);
    boxesContract(makeStore);
    documentsContract(makeStore);
    expiryContract(makeStore);
    lahaContract(makeStore);
    keepContract(makeStore);
    alertsContract(makeStore);
    sizeContract(makeStore);
    originalsContract(makeStore);
    peopleContract(makeStore);
    restoreContract(makeStore);
  });
}
