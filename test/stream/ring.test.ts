import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { createColumns } from '../../proto/columns.js';
import { createRing, MAX_BATCH, RingReader, RingWriter } from '../../stream/ring.js';

/** Writes a batch whose every field tells its row. */
function publish(writer: RingWriter, count: number, first: number): void {
  for (let i = 0; i < count; i++) {
    const at = writer.at++;
    writer.columns.timestampMs[at] = first + i;
    writer.columns.boxId[at] = first + i;
    writer.columns.trans.max[at] = (first + i) % 1000;
  }
  writer.publish();
}

describe('plugin-host/ring', () => {
  const batch = createColumns(MAX_BATCH);

  it('gives a reader what was published, in order, and counts what it was too slow for', () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: MAX_BATCH }) }),
      fc.record({ read: fc.integer({ min: 1, max: 3 }) }),
    );
    const property = fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 2, max: 12 }),
      (steps, batches) => {
        const share = createRing(3 * MAX_BATCH, batches);
        const writer = new RingWriter(share);
        const reader = new RingReader(share, writer.position);
        let written = 0;
        let published = 0;
        let seen = 0;
        let reads = 0;
        const read = () => {
          const count = reader.read(batch);
          if (count === 0) return false;
          const first = batch.timestampMs[0] ?? -1;
          assert.equal(first, seen + reader.lost.measurements, 'what lies between was counted as lost');
          for (let i = 0; i < count; i++) {
            assert.equal(batch.timestampMs[i], first + i);
            assert.equal(batch.boxId[i], first + i);
            assert.equal(batch.trans.max[i], (first + i) % 1000);
          }
          seen += count;
          reads += 1;
          return true;
        };
        for (const s of steps) {
          if ('read' in s) for (let i = 0; i < s.read; i++) read();
          else {
            for (let left = s.write; left > 0; ) {
              const room = Math.min(left, 3 * MAX_BATCH - writer.at, MAX_BATCH);
              publish(writer, room, written);
              written += room;
              left -= room;
              published += 1;
            }
          }
        }
        while (read());
        assert.equal(seen + reader.lost.measurements, written);
        assert.equal(reads + reader.lost.batches, published);
        assert.deepEqual(reader.position, writer.position);
      },
    );
    fc.assert(property);
  });

  it('lets no more batches wait for a reader than its queue holds, and drops the oldest', () => {
    const share = createRing(8 * MAX_BATCH, 100);
    const writer = new RingWriter(share);
    const reader = new RingReader(share, writer.position, 5);
    for (let i = 0; i < 20; i++) publish(writer, 10, 10 * i);
    assert.equal(reader.read(batch), 10);
    assert.equal(batch.timestampMs[0], 150);
    assert.deepEqual(reader.lost, { batches: 15, measurements: 150 });
  });

  it('never gives a reader in another thread a batch that the writer has begun to overwrite', async () => {
    const share = createRing(2 * MAX_BATCH, 64);
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const writer = new RingWriter(share);
    const code = `
      import { workerData, parentPort } from 'node:worker_threads';
      const { RingReader, MAX_BATCH } = await import(workerData.ring);
      const { createColumns } = await import(workerData.columns);
      const reader = new RingReader(workerData.share, workerData.from);
      const batch = createColumns(MAX_BATCH);
      let seen = 0, torn = 0;
      parentPort.postMessage('ready');
      for (;;) {
        const count = reader.read(batch);
        if (count === 0 && Atomics.load(workerData.stop, 0) === 1 && !reader.ready) break;
        const first = seen + reader.lost.measurements;
        for (let i = 0; i < count; i++) {
          if (batch.timestampMs[i] !== first + i || batch.boxId[i] !== first + i) torn += 1;
        }
        seen += count;
      }
      parentPort.postMessage({ seen, torn, lost: reader.lost.measurements });`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
      workerData: {
        share,
        stop,
        from: writer.position,
        ring: new URL('../../stream/ring.js', import.meta.url).href,
        columns: new URL('../../proto/columns.js', import.meta.url).href,
      },
    });
    await once(worker, 'message');
    let written = 0;
    for (let i = 0; i < 20_000; i++) {
      const count = Math.min(1 + (i % 200), 2 * MAX_BATCH - writer.at);
      publish(writer, count, written);
      written += count;
    }
    Atomics.store(stop, 0, 1);
    const [result] = await once(worker, 'message');
    assert.equal(result.torn, 0);
    assert.equal(result.seen + result.lost, written);
    assert.ok(result.seen > 0);
  });
});
