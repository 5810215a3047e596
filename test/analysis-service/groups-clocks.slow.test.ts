import assert from 'node:assert/strict';
import type { Clocks } from '../../analysis-service/clocks/clocks.js';
import type { NewIncident } from '../../store/store.js';
import { columnsOf, newEvent } from '../store/contract/given.js';
import { until } from '../support/until.js';
import { givenGroups, START, sag } from './groups-rig.js';

/** Box 4 is an hour behind. */
const CLOCKS: Clocks = {
  of: (boxId) => (boxId === '4' ? { offsetMs: -3_600_000, uncertaintyMs: 125 } : undefined),
};

/** A sag as the clock of a box says that is off. */
function sagOf(box: string, ms: number, deviation: number, offsetMs: number): Partial<NewIncident> {
  const found = sag(box, ms + offsetMs, deviation);
  return {
    ...found,
    metadata: { ...found.metadata, clock_offset_ms: offsetMs, clock_uncertainty_ms: 125 },
  };
}

describe('analysis-service: groups of boxes with wrong clocks', function () {
  this.timeout(120_000);

  it('incidents are one group where they are at the same time by our clock; which was first is said by it too', async () => {
    const { found, groups, settled, store } = await givenGroups(
      [
        ['1', 'a'],
        ['2', 'a'],
        ['3', 'b'],
      ],
      CLOCKS,
    );
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1'] }));
    await store.insertEvent(newEvent(2, START + 5000, { boxes_triggered: ['2'] }));
    await store.insertEvent(newEvent(3, START - 7000, { boxes_triggered: ['3'] }));
    await found(1, '1', sag('1', 0, -33));
    await found(2, '2', sagOf('2', -40, -40, 5000));
    await found(3, '3', sagOf('3', 60, -36, -7000));
    groups.start();
    await until('the group is settled', async () => settled.length > 0);
    await groups.stop();
    const [group, ...others] = settled;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [group?.box_ids, group?.first_box, group?.deepest_box, group?.spread_ms],
      [['1', '2', '3'], '2', '2', 100],
    );
  });

  it('incidents at the same time by clocks that are off are apart', async () => {
    const { found, groups, settled, store } = await givenGroups([
      ['1', 'a'],
      ['2', 'a'],
    ]);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1', '2'] }));
    await found(1, '1', sag('1', 0, -33));
    await found(1, '2', sagOf('2', -5000, -40, 5000));
    groups.start();
    await until('both are settled', async () => settled.length === 2);
    await groups.stop();
    assert.deepEqual(settled.map(({ box_ids }) => box_ids.join()).toSorted(), ['1', '2']);
  });

  it('of a box without a waveform, measurements are looked at where they are by its clock', async () => {
    const { found, groups, settled, store } = await givenGroups([['1', 'a'], ['4', 'a'], ['5']], CLOCKS);
    await store.insertEvent(newEvent(1, START, { boxes_triggered: ['1'] }));
    const low = { rms: [90, 100, 121] as [number, number, number] };
    await store.insertMeasurements(
      columnsOf([
        { box: 4, at: START - 3_600_000 + 100, metrics: low },
        { box: 5, at: START - 3_600_000 + 100, metrics: low },
        { box: 5, at: START + 100, metrics: { rms: 120 } },
      ]),
    );
    await found(1, '1', sag('1', 0, -33));
    groups.start();
    await until('the group is settled', async () => settled.length > 0);
    await groups.stop();
    assert.deepEqual([settled[0]?.from_measurements, settled[0]?.boxes_heard], [['4'], 3]);
  });
});
