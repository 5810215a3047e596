/** The queue of measurements, where no Kafka is: it keeps, it is bounded, it fails nobody. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { MeasurementsOut } from '../../kafka/measurements-out.js';
import { createColumns } from '../../proto/columns.js';
import { MeasurementBatches } from '../../store/outbox/measurement-batches.js';
import { Outbox } from '../../store/outbox/outbox.js';
import type { MeasurementsWrite } from '../../store/writes.js';
import { freePort } from '../support/free-port.js';

const ROWS = 1000;

describe('kafka: measurements without Kafka', () => {
  let folder: string;
  let out: MeasurementsOut | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-kafka-queue-'));
  });
  afterEach(async () => {
    await out?.stop();
    out = undefined;
    rmSync(folder, { recursive: true });
  });

  const start = async (maxBytes = 2 ** 30, more: object = {}): Promise<MeasurementsOut> => {
    out = new MeasurementsOut({
      servers: {
        ...{ brokers: [`127.0.0.1:${await freePort()}`], tls: undefined, sasl: undefined, topicPrefix: '' },
        format: 'json',
        ...more,
      },
      ...{
        clientId: 'test',
        file: join(folder, 'queue.db'),
        maxBytes,
        clock: systemClock,
        log: silentLogger(),
      },
    });
    return out;
  };
  const batch = (): MeasurementsWrite => {
    const columns = createColumns(ROWS);
    columns.count = ROWS;
    return { kind: 'measurements', columns };
  };

  it('keeps what is put over a restart, and drops the oldest where there is no room', async () => {
    const first = await start();
    for (let n = 0; n < 3; n += 1) first.put(batch());
    assert.equal(first.status().queue.records, 3 * ROWS);
    await first.stop();
    const second = await start(2 ** 17);
    assert.equal(second.status().queue.records, 3 * ROWS);
    second.put(batch());
    const { dropped, queue } = second.status();
    assert.ok((dropped.queue_full ?? 0) > 0);
    assert.equal(queue.records + (dropped.queue_full ?? 0), 4 * ROWS);
    assert.ok(queue.bytes <= queue.max_bytes);
  });

  it('one process has the queue', async () => {
    const first = await start();
    await assert.rejects(start(), (error) => codeOf(error) === 'ALREADY_RUNNING');
    out = first;
  });

  it('a password file that is not there is said at the start', async () => {
    const sasl = { mechanism: 'PLAIN', user: 'a', passwordFile: join(folder, 'none') };
    await assert.rejects(start(2 ** 30, { sasl }), (error) => codeOf(error) === 'CONFIG_UNREADABLE');
  });

  it('a batch is in the queue before the store gets it', async () => {
    const order: string[] = [];
    const store = {
      batchesAtOnce: 1,
      apply: async () => {
        order.push('store');
        return { inserted: ROWS, duplicates: 0 };
      },
    };
    const outbox = new Outbox({ store, log: silentLogger() });
    const batches = new MeasurementBatches(outbox.lanes.measurements, { batchSize: ROWS, delayMs: 1 }, () =>
      order.push('queue'),
    );
    const { columns } = batch();
    for (let i = 0; i < 2; i++) batches.add({ columns, from: 0, to: ROWS });
    await batches.settled(2 * ROWS);
    assert.deepEqual(order, ['queue', 'store', 'queue', 'store']);
    await batches.stop();
    await outbox.stop();
  });
});
