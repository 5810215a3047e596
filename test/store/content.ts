/** A store with some of everything, and all that is in one. */
import type { Store } from '../../store/store.js';
import {
  all,
  bareAggregate,
  boxEvent,
  columnsOf,
  counts,
  finding,
  newEvent,
  wholeAggregate,
} from './contract/given.js';
import { writable } from './writable.js';

const START = 1_780_000_000_000;

/** 2 boxes recorded, 3 with data; 5001 measurements, 40 trends, 6 events with 12 waveforms. */
export async function fillStore(plain: Store): Promise<void> {
  const store = writable(plain);
  await store.putBox({ box_id: '1001', name: 'Roof', calibration_constant: 152.5, unplugged: false });
  await store.putBox({ box_id: '1002', calibration_constant: 1, unplugged: true, location: 'lab' });
  const samples = Array.from({ length: 5001 }, (_, i) => ({
    box: 1001 + (i % 3),
    at: START + 166 * Math.floor(i / 3),
    metrics: { rms: [100, 120 + i / 4096, 125] as [number, number, number], f: 60 },
  }));
  await store.insertMeasurements(columnsOf(samples));
  const metric = { min: 1, average: 2.5, max: 3 };
  const trend = (i: number) => ({
    box_id: '1003',
    timestamp_ms: START + 60_000 * i,
    location: 'lab',
    voltage: metric,
  });
  await store.putTrends(Array.from({ length: 40 }, (_, i) => trend(i)));
  await store.putAggregates([
    ...[1, 2, 3].map((i) => wholeAggregate('1001', START + 600_000 * i, 118 + i)),
    bareAggregate('1001', START + 7_200_000),
  ]);
  await store.putSeries(
    Array.from({ length: 30 }, (_, i) => ({
      plugin: 'cusum',
      series: `s${i % 2}`,
      box_id: '1001',
      timestamp_ms: START + 1000 * i,
      value: i / 3,
    })),
  );
  for (let id = 1; id <= 6; id += 1) {
    // Two events start together each.
    await store.insertEvent(newEvent(id, START + 1000 * (id >> 1)));
    for (const box of ['1001', '1009']) {
      await store.putBoxEvent(boxEvent(id, box, START), counts(700 + id, id), START + id);
    }
  }
  await store.putAnalysis(1, '1001', [finding(1, '1001', START), finding(1, '1001', START + 500)]);
  await store.annotateIncident(2, 'copied too');
  await store.putIncident(finding(-1, '7', START + 9000, { measurement_type: 'HEALTH' }));
  const limits = { default_ref_f: 60, default_ref_v: 120, default_threshold_percent_f_low: 0.5 };
  await store.putMakaiConfig({
    triggering: {
      ...limits,
      default_threshold_percent_f_high: 0.5,
      default_threshold_percent_v_low: 5,
      default_threshold_percent_v_high: 5,
      default_threshold_percent_thd_high: 3,
      triggering_overrides: [],
    },
  });
}

/** What `changeAll` changes, in the order of a copy. */
export const CHANGED = ['box 1001', 'makai_config', 'location hall', 'user ada', 'incident 2', 'event 4'];

/** One of everything that people change, in a store as `fillStore` made it, with location `hall` and user `ada`. */
export async function changeAll(store: Store): Promise<void> {
  await store.putBox({ box_id: '1001', name: 'Roof', calibration_constant: 149.7, unplugged: false });
  const config = await store.makaiConfig();
  if (config?.triggering === undefined) throw new Error('no makai_config');
  await store.putMakaiConfig({ triggering: { ...config.triggering, default_ref_v: 230 } });
  await store.putLocation({ slug: 'hall', description: 'painted', regions: [] });
  await store.changeUser({ name: 'ada', role: 'admin', password: 'another hash' });
  await store.annotateIncident(2, 'a truck');
  await store.keepEvent(4, true);
}

/** Everything that a copy takes along, in an order of its own. */
export async function contentOf(store: Store): Promise<Record<string, unknown>> {
  const ids = (await store.boxIdsWithData()).toSorted();
  const events = await all(store.events());
  const boxEvents = (await Promise.all(events.map((event) => store.boxEvents(event.event_id)))).flat();
  const byBox = boxEvents.toSorted((a, b) => a.data_fs_filename.localeCompare(b.data_fs_filename));
  return {
    ids,
    boxes: (await store.boxes()).toSorted((a, b) => a.box_id.localeCompare(b.box_id)),
    config: await store.makaiConfig(),
    events,
    boxEvents: byBox,
    waveforms: await Promise.all(
      byBox.map(async (one) => (await store.waveform(one.data_fs_filename))?.toString('hex')),
    ),
    measurements: await Promise.all(ids.map((id) => all(store.measurements(id)))),
    trends: await Promise.all(ids.map((id) => all(store.trends(id)))),
    incidents: await all(store.incidents()),
    series: await Promise.all((await store.seriesNames()).map((name) => all(store.series(name)))),
    aggregates: await Promise.all(
      ids.flatMap((id) => [all(store.aggregates(id, 600)), all(store.aggregates(id, 7200))]),
    ),
  };
}
