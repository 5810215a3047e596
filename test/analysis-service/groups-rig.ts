/** Groups of incidents on a store in memory. */
import { type Clocks, NO_CLOCKS } from '../../analysis-service/clocks/clocks.js';
import { Groups } from '../../analysis-service/groups/groups.js';
import { KnownBoxes } from '../../analysis-service/waveforms/references.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Turns } from '../../common/turn.js';
import type { IncidentGroup, NewIncident, Store } from '../../store/store.js';
import { finding } from '../store/contract/given.js';
import { openWritable } from '../store/writable.js';

/** Measurements of boxes without a waveform are looked at for a day. */
export const START = 60_000 * Math.floor(Date.now() / 60_000) - 600_000;

export const sag = (box: string, ms: number, deviation: number): Partial<NewIncident> => ({
  box_id: box,
  start_timestamp_ms: START + ms,
  end_timestamp_ms: START + ms + 180,
  deviation_from_nominal: deviation,
  metadata: {
    nominal_voltage_v: 120,
    worst: 120 + deviation,
    itic: { region: 'no interruption' },
    semi_f47: { required: 'kept' },
  },
});

class NotingTurns extends Turns {
  asked = 0;
  override run<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.asked += 1;
    return super.run(key, work);
  }
}

export async function givenGroups(
  boxes: readonly [id: string, location?: string][],
  clocks: Clocks = NO_CLOCKS,
) {
  const store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
  for (const [box_id, location] of boxes)
    await store.putBox({
      box_id,
      calibration_constant: 1,
      unplugged: false,
      ...(location && { location }),
    });
  const settled: IncidentGroup[] = [];
  const turns = new NotingTurns();
  const make = (from: Store = store) =>
    new Groups({
      store: from,
      boxes: new KnownBoxes(store, { voltage: 120, frequency: 60 }, systemClock),
      ...{ clocks, turns },
      clock: systemClock,
      log: silentLogger(),
      onSettled: (group) => settled.push(group),
    });
  const groups = make();
  const found = async (eventId: number, box: string, ...incidents: Partial<NewIncident>[]): Promise<void> => {
    const findings = incidents.map((one) => finding(eventId, box, START, one));
    await store.putAnalysis(eventId, box, findings);
    const stored = (await store.incidentsOfEvent(eventId)).filter((one) => one.box_id === box);
    groups.add(eventId, box, stored);
  };
  return { store, groups, settled, found, turns, make };
}
