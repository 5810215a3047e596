import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchSpool, type PackedBatch } from '../../store/batch-spool.js';

const batch = (n: number, bytes = 100): PackedBatch => ({
  id: `run-${n}`,
  partition: n % 64,
  messages: n,
  body: Buffer.alloc(bytes, n),
});

describe('store/batch-spool', () => {
  let folder: string;
  let file: string;
  const open: BatchSpool[] = [];
  const spoolOf = (maxBytes = 2 ** 30): BatchSpool => {
    const spool = new BatchSpool(file, maxBytes);
    open.push(spool);
    return spool;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-relay-'));
    file = join(folder, 'below', 'triggering-broker.db');
  });
  afterEach(() => {
    for (const spool of open.splice(0)) spool.close();
    rmSync(folder, { recursive: true });
  });

  it('gives batches back in their order, also after it was opened again', () => {
    const first = spoolOf();
    first.add([batch(1), batch(2)]);
    first.add([batch(3)]);
    first.close();
    open.pop();
    const spool = spoolOf();
    assert.equal(spool.batches, 3);
    assert.equal(spool.messages, 6);
    const rows = spool.oldest(2);
    assert.deepEqual(
      rows.map(({ seq: _seq, ...row }) => row),
      [batch(1), batch(2)],
    );
    spool.remove(rows);
    assert.equal(spool.batches, 1);
    assert.equal(spool.messages, 3);
    assert.equal(spool.oldest(10)[0]?.id, 'run-3');
    spool.remove(spool.oldest(10));
    assert.equal(spool.bytes, 0);
    assert.equal(spool.messages, 0);
  });

  it('drops the oldest beyond its size, and says how many messages', () => {
    const spool = spoolOf(10 * 1080);
    for (let n = 1; n <= 10; n += 1) assert.equal(spool.add([batch(n, 1000)]), 0);
    assert.equal(spool.add([batch(11, 1000), batch(12, 1000)]), 1 + 2);
    assert.equal(spool.batches, 10);
    assert.equal(spool.oldest(1)[0]?.id, 'run-3');
  });

  it('keeps one batch whatever its size', () => {
    const spool = spoolOf(1000);
    assert.equal(spool.add([batch(1, 5000)]), 0);
    assert.equal(spool.add([batch(2, 5000)]), 1);
    assert.equal(spool.oldest(9).length, 1);
  });

  it('counts a batch once that was dropped while it was being sent', () => {
    const spool = spoolOf(2 * 1080);
    spool.add([batch(1, 1000), batch(2, 1000)]);
    const rows = spool.oldest(2);
    spool.add([batch(3, 1000)]);
    spool.remove(rows);
    assert.equal(spool.batches, 1);
    assert.equal(spool.messages, 3);
    assert.equal(spool.bytes, 1080);
  });

  it('shrinks its file when it is empty, a part at a time', () => {
    const spool = spoolOf();
    for (let n = 0; n < 200; n += 1) spool.add([batch(n, 65_536)]);
    assert.equal(spool.shrink(), false);
    while (spool.batches > 0) spool.remove(spool.oldest(16));
    let parts = 1;
    while (spool.shrink()) parts += 1;
    assert.equal(spool.shrink(), false);
    assert.ok(parts > 1, `${parts}`);
    spool.close();
    open.pop();
    assert.ok(statSync(file).size < 200_000, `${statSync(file).size}`);
  });
});
