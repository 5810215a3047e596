/** Alerts on a SQLite store in memory, a clock that the test moves, and what is notified. */
import { pino } from 'pino';
import { startAlerts } from '../../../gateway/alerts/index.js';
import type { Notification } from '../../../gateway/notify/notification.js';
import { openStore } from '../../../store/open.js';
import type { IncidentDocument, IncidentGroup } from '../../../store/store.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';

export async function alertRig() {
  const clock = new ManualClock();
  const log = pino({ level: 'silent' });
  const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
  const store = await openStore('sqlite::memory:', { retention, log });
  const notified: Notification[] = [];
  let refuses = 0;
  /** @param disk whose free space is watched */
  const start = (disk?: string) =>
    startAlerts({
      disk,
      ...{ store: () => store, clock, log, link: (page) => `http://makai.example/#${page}` },
      notify: async (notification) => {
        if (refuses > 0) {
          refuses -= 1;
          throw new Error('no disk');
        }
        // As the notifier does: the same id is the same notification.
        if (!notified.some(({ id }) => id === notification.id)) notified.push(notification);
      },
    });
  return {
    ...{ clock, notified, start, store },
    /** Stores an outage, or its end. @returns its id */
    putOutage: async (box_id: string, end_timestamp_ms = -1): Promise<number> => {
      const { annotations, expire_at, gridfs_filename, incident_id, ...fields } = incidentOf(1);
      const incident = { ...fields, box_id, end_timestamp_ms, source: 'makai' };
      await store.apply({ kind: 'incident', incident, samples: new Int16Array() });
      return Number((await store.idsAfter('incident', 0, 100)).at(-1));
    },
    refuse: (times: number) => {
      refuses = times;
    },
    titles: () => notified.splice(0).map(({ title }) => title),
  };
}

export const START_MS = 1_795_315_200_000;

export function incidentOf(incident_id: number, more: Partial<IncidentDocument> = {}): IncidentDocument {
  return {
    ...{ incident_id, event_id: -1, box_id: String(1000 + incident_id), location: 'lab' },
    ...{ start_timestamp_ms: START_MS, end_timestamp_ms: -1, measurement_type: 'HEALTH' },
    ...{ deviation_from_nominal: 0, measurements: [], gridfs_filename: '', classifications: ['OUTAGE'] },
    ...{ ieee_duration: 'UNDEFINED', annotations: [], metadata: {}, expire_at: 2_000_000_000 },
    ...more,
  };
}

export function groupOf(group_id: number, more: Partial<IncidentGroup> = {}): IncidentGroup {
  return {
    ...{ group_id, scope: 'location', incident_ids: [group_id], box_ids: ['1001'], boxes_heard: 2 },
    ...{ first_box: '1001', deepest_box: '1001', spread_ms: 3, spread_depth: 0.1, from_measurements: [] },
    sentence: 'Voltage sag to 0.72 pu for 0.18 s',
    ...more,
  };
}
