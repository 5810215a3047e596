/** A service that takes its measurements from NATS: batches out of order, clocks that are wrong, a store that does not answer. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { BatchWriter } from './batch-writer.js';
import { ServiceRig } from './rig.js';

const BOX = 1000;

describe('triggering-service: measurements from NATS, when something is wrong', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let server: NatsServer;
  let writer: BatchWriter;
  let rig: ServiceRig;

  beforeEach(async () => {
    server = await NatsServer.start(binary());
    writer = await BatchWriter.open(server.url);
    rig = new ServiceRig();
  });
  afterEach(async () => {
    await rig.end();
    await writer?.close();
    await server?.stop();
  });
  const start = (settings: Record<string, unknown> = {}) =>
    rig.startWithout({ nats: { servers: [server.url] }, ...settings });

  it('a batch that was received earlier than the one before it costs no measurement of the box', async () => {
    await start();
    const nowMs = Date.now();
    await writer.write([BOX], nowMs);
    await writer.write([BOX], nowMs - 3_600_000, 120, nowMs - 3_600_000);
    for (let i = 1; i <= 50; i += 1) await writer.write([BOX], nowMs + i);
    await until('all are stored', async () => (await rig.measurements(BOX)).length === 52);
    assert.deepEqual(rig.service.status().dropped, {});
  });

  it('takes no measurement of the future from a broker whose clock is ahead', async () => {
    await start();
    const ahead = Date.now() + 3_600_000;
    await writer.write([BOX], ahead, 120, ahead);
    await writer.write([BOX], Date.now(), 120, ahead);
    await until('the other one is stored', async () => (await rig.measurements(BOX)).length === 1);
    assert.deepEqual(rig.service.status().dropped, { time_in_the_future: 1 });
  });

  it('stops although the store does not answer and batches wait', async () => {
    await start({ limits: { queue_measurements: 2 } });
    await until('it owns all', async () => rig.service.status().nats?.partitions.length === 64);
    const other = new DatabaseHandle(join(rig.folder, 'makai.db'));
    other.exec('BEGIN IMMEDIATE');
    const nowMs = Date.now();
    for (let i = 0; i < 100; i += 1) await writer.write([BOX], nowMs + i);
    await until('some wait', async () => (rig.service.status().nats?.unacknowledged ?? 0) > 1);
    const stopped = rig.stopService().then(() => true);
    const isStopped = await Promise.race([
      stopped,
      until('never', async () => false, 60_000).catch(() => false),
    ]);
    other.exec('ROLLBACK');
    other.close();
    await stopped;
    assert.ok(isStopped, 'it waits for the store');
    // What it had not stored waits for the next one.
    await start();
    await until('all are stored', async () => (await rig.measurements(BOX)).length === 100);
  });
});
