/** What becomes of batches while JetStream takes them, does not, or loses the connection. With a real spool. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../common/clock.js';
import { MakaiError } from '../../../common/errors.js';
import { silentLogger } from '../../../common/log.js';
import { BatchSpool, type PackedBatch } from '../../../store/batch-spool.js';
import { Delivery, type Outcome } from '../../../triggering-broker/jetstream/delivery.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { until } from '../../support/until.js';

/** Its disk can be full. */
class Spool extends BatchSpool {
  isFull = false;
  override add(batches: readonly PackedBatch[]): number {
    if (this.isFull) throw new MakaiError('STORE_UNAVAILABLE', 'the disk is full');
    return super.add(batches);
  }
}

const batch = (n: number): PackedBatch => ({ id: `b${n}`, partition: 1, messages: 1, body: Buffer.of(n) });

describe('triggering-broker/jetstream/delivery', () => {
  let folder: string;
  let spool: Spool;
  let delivery: Delivery;
  /** ids in the order in which JetStream got them first */
  let stored: string[];
  let answer: (batch: PackedBatch) => Promise<Outcome>;
  let prepare: () => Promise<void>;

  const take = async ({ id }: PackedBatch): Promise<Outcome> => {
    if (stored.includes(id)) return 'duplicate';
    stored.push(id);
    return 'stored';
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-delivery-'));
    spool = new Spool(join(folder, 'spool.db'), 2 ** 30);
    stored = [];
    answer = take;
    prepare = async () => undefined;
    delivery = new Delivery({
      spool,
      publish: (one) => answer(one),
      prepare: () => prepare(),
      clock: systemClock,
      log: silentLogger(),
    });
  });
  afterEach(async () => {
    await delivery.stop();
    spool.close();
    rmSync(folder, { recursive: true });
  });
  const isDirect = () => until('batches go directly', async () => delivery.isDirect);

  it('keeps on disk what comes without a connection, and delivers it in its order', async () => {
    for (let n = 0; n < 500; n += 1) delivery.send([batch(n)]);
    assert.equal(spool.batches, 500);
    delivery.connected();
    await isDirect();
    assert.deepEqual(
      stored,
      Array.from({ length: 500 }, (_, n) => `b${n}`),
    );
    assert.equal(spool.batches, 0);
    delivery.send([batch(500)]);
    assert.equal(spool.batches, 0);
    await sleep(0);
    assert.equal(delivery.counts.messages, 501);
    assert.equal(delivery.underWay, 0);
  });

  it('has on disk what was under way when the connection is lost, and counts it once', async () => {
    delivery.connected();
    await isDirect();
    let late: (() => void) | undefined;
    answer = (one) =>
      new Promise((resolve) => {
        late = () => void take(one).then(resolve);
      });
    delivery.send([batch(1)]);
    assert.equal(delivery.underWay, 1);
    delivery.disconnected();
    assert.equal(spool.batches, 1);
    assert.equal(delivery.underWay, 0);
    late?.(); // JetStream had it all the same
    await sleep(0);
    assert.equal(delivery.counts.messages, 0);
    answer = take;
    delivery.connected();
    await isDirect();
    assert.deepEqual(stored, ['b1']);
    assert.equal(delivery.counts.messages, 1);
    assert.equal(delivery.counts.duplicates, 1);
  });

  it('tries again what JetStream does not take, and everything after it waits behind', async () => {
    delivery.connected();
    await isDirect();
    let refusals = 0;
    answer = async () => {
      refusals += 1;
      throw new Error('no leader');
    };
    delivery.send([batch(1)]);
    await sleep(0);
    delivery.send([batch(2)]);
    delivery.send([batch(3)]);
    await until('it was tried again', async () => refusals >= 4);
    assert.deepEqual(stored, []);
    answer = take;
    await isDirect();
    assert.deepEqual(stored, ['b1', 'b2', 'b3']);
    assert.ok(delivery.counts.failures > 1);
    assert.equal(delivery.counts.messages, 3);
  });

  it('looks for the stream again until it is there', async () => {
    let missing = 2;
    prepare = async () => {
      missing -= 1;
      if (missing >= 0) throw new Error('no stream');
    };
    delivery.send([batch(1)]);
    delivery.connected();
    await isDirect();
    assert.deepEqual(stored, ['b1']);
  });

  it('drops what JetStream will never take, and goes on', async () => {
    answer = async (one) => (one.id === 'b1' ? 'refused' : take(one));
    delivery.send([batch(0), batch(1), batch(2)]);
    delivery.connected();
    await isDirect();
    delivery.send([batch(1)]);
    await sleep(0);
    assert.deepEqual(stored, ['b0', 'b2']);
    assert.equal(delivery.counts.dropped.refused, 2);
    assert.equal(spool.batches, 0);
  });

  it('keeps in memory what the disk does not take, until one of the two does', async () => {
    spool.isFull = true;
    delivery.send([batch(1)]);
    delivery.send([batch(2)]);
    assert.equal(spool.batches, 0);
    assert.equal(delivery.underWay, 2);
    delivery.connected();
    await isDirect();
    assert.deepEqual(stored, ['b1', 'b2']);
    assert.equal(delivery.underWay, 0);
    delivery.disconnected();
    delivery.send([batch(3)]);
    spool.isFull = false;
    delivery.send([batch(4)]);
    assert.equal(spool.batches, 2);
    assert.equal(delivery.underWay, 0);
    assert.deepEqual(delivery.counts.dropped, { spool_full: 0, disk_unavailable: 0, refused: 0 });
  });

  it('a stop waits a moment for what is under way', async () => {
    delivery.connected();
    await isDirect();
    answer = () => sleep(20, 'stored' as const);
    delivery.send([batch(1)]);
    await delivery.stop();
    assert.equal(delivery.counts.messages, 1);
    assert.equal(spool.batches, 0);
  });

  it('leaves on disk what is not acknowledged when it stops', async () => {
    const clock = new ManualClock();
    const stopping = new Delivery({
      spool,
      publish: (one) => answer(one),
      prepare,
      clock,
      log: silentLogger(),
    });
    stopping.connected();
    await until('batches go directly', async () => stopping.isDirect);
    answer = () => new Promise(() => undefined);
    stopping.send([batch(1)]);
    const stopped = stopping.stop();
    clock.advance(60_000);
    await stopped;
    assert.equal(spool.oldest(1)[0]?.id, 'b1');
    assert.equal(stopping.counts.dropped.disk_unavailable, 0);
  });

  it('counts what is lost when it stops without JetStream and without a disk', async () => {
    spool.isFull = true;
    delivery.send([batch(1), batch(2)]);
    await delivery.stop();
    assert.equal(delivery.counts.dropped.disk_unavailable, 2);
    assert.equal(delivery.underWay, 0);
  });

  it('gives the disk back what the spool took, once it is delivered', async () => {
    const file = join(folder, 'spool.db');
    const long = Buffer.alloc(65_536);
    delivery.send(Array.from({ length: 300 }, (_, n) => ({ ...batch(n), body: long })));
    delivery.connected();
    await isDirect();
    await until('the file is small', async () => {
      delivery.send([batch(1000)]);
      return statSync(file).size < 2 ** 20;
    });
    assert.equal(spool.batches, 0);
  });
});
