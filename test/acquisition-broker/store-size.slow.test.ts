/** `store_max_bytes` of a broker as a process: the oldest waveforms go, and its status, metrics, finding and doctor say so. */
import assert from 'node:assert/strict';
import { MetricValues } from '../../cli/doctor/metric-values.js';
import { judge } from '../../cli/doctor/reported.js';
import { parseStatusEndpoint } from '../../config/index.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import { all, boxEvent, columnsOf, counts, finding, newEvent } from '../store/contract/given.js';
import { openWritable } from '../store/writable.js';
import { freePort } from '../support/free-port.js';
import { deploy } from './process.js';
import { until } from './rig.js';

const EVENTS = 150;
const MAX_BYTES = 2_000_000;

describe('acquisition broker: store_max_bytes, as a process', function () {
  this.timeout(400_000);

  it('deletes the oldest waveforms that are not kept and nothing else, and says so', async () => {
    const port = await freePort();
    const status = `127.0.0.1:${port}`;
    const deployment = await deploy([1001], { store_max_bytes: MAX_BYTES, status, log_level: 'info' });
    const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
    try {
      const broker = await deployment.start();
      const address = parseStatusEndpoint(status);
      assert.ok(address);
      type Size = { state?: string; used_bytes?: number; deleted?: { waveforms: number } };
      const size = async (): Promise<Size> => (await readStatus(address, 60_000)).details.store_size as Size;
      // At its start it deletes nothing for a day; what comes later was announced by the growth.
      await until(async () => (await size()).used_bytes !== undefined);
      const nowMs = Date.now();
      const before = await openWritable(deployment.storeFile, { retention });
      await before.insertMeasurements(columnsOf([{ box: 1001, at: nowMs, metrics: { rms: 120 } }]));
      for (let id = 1; id <= EVENTS; id += 1) {
        await before.insertEvent(newEvent(id, nowMs + id));
        await before.putBoxEvent(boxEvent(id, '1001', nowMs + id), counts(12_000, id), nowMs);
        // Before there is so much that the oldest go.
        if (id === 3) await before.keepEvent(id, true);
      }
      await before.putAnalysis(1, '1001', [finding(1, '1001', nowMs)]);
      await before.close();

      await until(async () => (await size()).state === 'reached');
      const { deleted, used_bytes = 0 } = await size();
      assert.ok(used_bytes > 0 && used_bytes <= MAX_BYTES, String(used_bytes));
      assert.ok((deleted?.waveforms ?? 0) > 50, JSON.stringify(deleted));
      const metrics = await readMetrics(address);
      assert.ok(metrics.includes(`makai_store_max_bytes ${MAX_BYTES}\n`));
      assert.ok(metrics.includes(`makai_store_waveforms_deleted_total ${deleted?.waveforms}\n`));
      const { details } = await readStatus(address);
      const report = { kind: 'acquisition-broker' as const, details, uptimeSeconds: 60 };
      const said = judge({ ...report, metrics: MetricValues.parse(metrics) });
      const [line] = said.filter(({ message }) => message.includes('store_max_bytes'));
      assert.equal(line?.verdict, 'note');
      assert.match(line?.message ?? '', /the waveforms of the oldest events that are not kept are deleted/);
      broker.child.kill('SIGTERM');
      const { code, stdout, stderr } = await broker.end();
      assert.equal(code, 0, stderr);
      assert.match(`${stdout}${stderr}`, /the waveforms of the oldest events were deleted/);

      const after = await openWritable(deployment.storeFile, { retention });
      const left: number[] = [];
      for (let id = 1; id <= EVENTS; id += 1) if ((await after.boxEvents(id)).length > 0) left.push(id);
      assert.deepEqual(left, [
        3,
        ...Array.from({ length: left.length - 1 }, (_, i) => EVENTS - left.length + 2 + i),
      ]);
      assert.equal(left.length, EVENTS - (deleted?.waveforms ?? 0));
      assert.equal((await all(after.events())).length, EVENTS);
      assert.equal((await all(after.incidents())).length, 1);
      assert.equal((await all(after.measurements('1001'))).length, 1);
      await after.close();
    } finally {
      await deployment.remove();
    }
  });
});
