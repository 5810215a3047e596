import assert from 'node:assert/strict';
import { AnalysedBoxes } from '../../analysis-service/groups/analysed-boxes.js';
import { addTo, newGroup, overlapping, slim } from '../../analysis-service/groups/grouping.js';
import type { IncidentDocument } from '../../store/store.js';
import { finding } from '../store/contract/given.js';

const START = 1_795_315_200_000;

function sag(id: number, startMs: number, metadata: Record<string, unknown> = {}): IncidentDocument {
  return {
    ...finding(1, String(id), START + startMs, { end_timestamp_ms: START + startMs + 180 }).incident,
    ...{ incident_id: id, annotations: [], gridfs_filename: '', expire_at: 0, metadata },
  };
}

describe('analysis-service: which incidents are a group', () => {
  it('those that overlap within 100 ms, of one quantity and direction', () => {
    const groups = [sag(1, 0), sag(2, 5000)].map((one) => newGroup(slim(one), 0));
    const found = (incident: IncidentDocument) =>
      overlapping(groups, slim(incident)).map((group) => groups.indexOf(group));
    assert.deepEqual(found(sag(3, 280)), [0]);
    assert.deepEqual(found(sag(3, 281)), []);
    assert.deepEqual(found({ ...sag(3, 280), end_timestamp_ms: START + 5000 }), [0, 1]);
    assert.deepEqual(found({ ...sag(3, 0), deviation_from_nominal: 20 }), []);
    assert.deepEqual(found({ ...sag(3, 0), measurement_type: 'FREQUENCY' }), []);
  });

  it('by our clock where that of a box is known to be off, as wide as it is uncertain', () => {
    const [first] = [sag(1, 0)].map((one) => newGroup(slim(one), 0));
    assert.ok(first);
    const isOne = (startMs: number, offsetMs: number, uncertaintyMs: number) => {
      const metadata = { clock_offset_ms: offsetMs, clock_uncertainty_ms: uncertaintyMs };
      return overlapping([first], slim(sag(2, startMs, metadata))).length === 1;
    };
    assert.deepEqual(
      [isOne(5000, 5000, 0), isOne(5280, 5000, 0), isOne(5281, 5000, 0), isOne(5400, 5000, 120)],
      [true, true, false, true],
    );
    assert.deepEqual([isOne(-7000, -7000, 0), isOne(0, -7000, 0)], [true, false]);
    addTo(first, slim(sag(2, 5280, { clock_offset_ms: 5000, clock_uncertainty_ms: 20 })));
    assert.deepEqual([first.startMs, first.endMs], [START, START + 480]);
  });

  it('an incident is remembered without what is large in it', () => {
    const large = {
      ...sag(1, 0, {
        ...{ worst: 86, method: 'x'.repeat(5000), spectrum_percent: { 3: 1 } },
        itic: { region: 'no damage', percent: 40, seconds: 3 },
      }),
      annotations: ['x'.repeat(5000)],
      measurements: Array.from({ length: 1000 }, (_, i) => ({ box_id: '1', timestamp_ms: START + i })),
    };
    assert.ok(JSON.stringify(slim(large)).length < 200);
  });

  it('of the boxes that are analysed so many are remembered, those of the newest events', () => {
    const analysed = new AnalysedBoxes(undefined, 5);
    for (const boxId of ['1', '2', '2', '3']) analysed.add(1, boxId);
    for (const boxId of ['1', '2']) analysed.add(2, boxId);
    assert.deepEqual([...(analysed.of(1) ?? [])], ['1', '2', '3']);
    analysed.add(1, '1');
    analysed.add(3, '1');
    assert.deepEqual([analysed.of(1)?.size, analysed.of(2), analysed.of(3)?.size], [3, undefined, 1]);
    // One event of more boxes than are remembered of all is not cut.
    for (let boxId = 0; boxId < 9; boxId += 1) analysed.add(4, String(boxId));
    assert.deepEqual([analysed.of(4)?.size, analysed.of(1), analysed.of(3)], [9, undefined, undefined]);
  });
});
