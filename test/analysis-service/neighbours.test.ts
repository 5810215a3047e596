import assert from 'node:assert/strict';
import { newGroup, slim } from '../../analysis-service/groups/grouping.js';
import { neighboursOf } from '../../analysis-service/groups/neighbours.js';
import type { IncidentDocument } from '../../store/store.js';
import { columnsOf, finding } from '../store/contract/given.js';
import { openWritable } from '../store/writable.js';

describe('analysis-service: boxes without a waveform', () => {
  it('show no THD at 50 Hz, where a box cannot measure it', async () => {
    const at = Date.now() - 60_000;
    const store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
    await store.insertMeasurements(columnsOf([{ box: 2, at, metrics: { thd: 0.09 } }]));
    const incident: IncidentDocument = {
      ...{ incident_id: 1, annotations: [], gridfs_filename: '', expire_at: 0 },
      ...finding(1, '1', at, { measurement_type: 'THD' }).incident,
    };
    const affected = async (frequency: number) =>
      (
        await neighboursOf(newGroup(slim(incident), 0), new Set(['1']), store, {
          reference: async () => ({ voltage: 120, frequency }),
          clock: () => undefined,
        })
      ).map((one) => one.affected);
    assert.deepEqual([await affected(60), await affected(50)], [[true], [false]]);
    await store.close();
  });
});
