import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MakaiError } from '../../../common/errors.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { all, boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import { openWritable } from '../writable.js';
import { givenFiles } from './files.js';

describe('store/sqlite: what can go wrong', function () {
  // Processes start slowly on a machine that does much else.
  this.timeout(400_000);
  const files = givenFiles();
  const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };

  for (const thread of ['worker', 'inline'] as const) {
    describe(`opened with ${thread}`, () => {
      it('a directory that is not there is named, with what to do', async () => {
        const file = join(files().directory, 'not', 'there', 'makai.db');
        await assert.rejects(openWritable(file, { retention, thread }), (error) => {
          assert.ok(error instanceof MakaiError);
          assert.equal(error.code, 'STORE_UNAVAILABLE');
          assert.ok(error.message.includes(file) && error.hint?.includes('directory exists'));
          return true;
        });
      });

      it('a directory in place of a file, and a file that is no database, are refused', async () => {
        const { directory, file, open } = files();
        mkdirSync(join(directory, 'd.db'));
        const opening = openWritable(join(directory, 'd.db'), { retention, thread });
        await assert.rejects(opening, { code: 'STORE_UNAVAILABLE' });
        writeFileSync(file, 'box,voltage\n'.repeat(1000));
        await assert.rejects(open({ thread }), {
          code: 'STORE_UNAVAILABLE',
          message: /not an SQLite database/,
        });
      });

      it('a file that may not be written is refused', async function () {
        const { directory, file, open } = files();
        if (process.getuid?.() === 0) return this.skip(); // root may write everywhere
        await (await open()).close();
        chmodSync(file, 0o444);
        chmodSync(directory, 0o555);
        await assert.rejects(open({ thread }), { code: 'STORE_UNAVAILABLE' });
        chmodSync(directory, 0o755);
      });

      it('after close every method is refused; closing again does no harm', async () => {
        const store = await files().open({ thread });
        const last = store.putOpenRequest({ key: 'a', body: '' });
        await Promise.all([store.close(), store.close()]);
        await last;
        await assert.rejects(store.boxes(), { code: 'STORE_UNAVAILABLE', message: /closed/ });
        await assert.rejects(store.nextEventIds(1), { code: 'STORE_UNAVAILABLE' });
        await assert.rejects(all(store.events()), { code: 'STORE_UNAVAILABLE' });
        assert.deepEqual(await (await files().open({ thread })).openRequests(), [{ key: 'a', body: '' }]);
      });

      it("a write waits for another process's transaction while this thread goes on", async () => {
        const { file, open } = files();
        const store = await open({ thread });
        const other = new DatabaseHandle(file);
        other.exec('BEGIN IMMEDIATE');
        let turns = 0;
        const turning = setInterval(() => {
          turns += 1;
          if (turns === 10) other.exec('COMMIT');
        }, 20);
        await store.insertEvent(newEvent(1, 0));
        clearInterval(turning);
        other.close();
        assert.ok(turns >= 10, 'the write came before the other let go');
        assert.equal((await store.event(1))?.event_id, 1);
      });
    });
  }

  it('requests that share a transaction do not share a failure', async () => {
    const store = await files().open();
    await store.putBox({ box_id: '1', name: 'Roof', calibration_constant: 1, unplugged: false });
    const puts = ['2', '3', '4', '5'].map((box_id, i) =>
      store.putBox({ box_id, name: i % 2 ? 'Roof' : `Room ${i}`, calibration_constant: 1, unplugged: false }),
    );
    const outcomes = await Promise.allSettled(puts);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
    );
    assert.deepEqual(
      (await store.boxes()).map((box) => box.box_id),
      ['1', '2', '4'],
    );
  });

  it('a close that waits behind writes comes after them', async () => {
    const { open } = files();
    const store = await open();
    const writes = Array.from({ length: 300 }, (_, i) => store.insertEvent(newEvent(i + 1, i)));
    const closing = store.close();
    await Promise.all([...writes, closing]);
    assert.equal((await all((await open()).events())).length, 300);
  });

  it('a program that forgets to close ends all the same, with its writes kept', async () => {
    const { file, open } = files();
    const index = fileURLToPath(new URL('../../../store/sqlite/index.js', import.meta.url));
    const program = `
      const { openSqliteStore } = await import(${JSON.stringify(index)});
      const store = await openSqliteStore(${JSON.stringify(file)}, { retention: ${JSON.stringify(retention)} });
      await store.apply({ kind: 'open_request', request: { key: 'a', body: '' } });`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 120_000 });
    assert.equal(child.stderr.toString(), '');
    assert.equal(child.status, 0);
    assert.equal((await (await open()).openRequests()).length, 1);
  });

  it('memory stores are apart from each other', async () => {
    const one = await openWritable(':memory:', { retention });
    const two = await openWritable(':memory:', { retention });
    await one.insertMeasurements(columnsOf([{ box: 1, at: 1000, metrics: { f: 60 } }]));
    assert.equal((await all(one.measurements('1'))).length, 1);
    assert.equal((await all(two.measurements('1'))).length, 0);
    await Promise.all([one.close(), two.close()]);
  });

  it('on a full disk writes are refused with a hint, all that was acknowledged stays, and writing goes on when there is room', function () {
    const { directory } = files();
    // A file system of 3 MB in a namespace of its own; only Linux has that, and not in every container.
    const probe = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', directory]);
    if (probe.status !== 0) return this.skip();
    const program = fileURLToPath(new URL('./full-disk.js', import.meta.url));
    const script = `mount -t tmpfs -o size=3m none "$1" && exec "$2" "$3" "$1"`;
    const args = ['-rm', 'sh', '-c', script, 'sh', directory, process.execPath, program];
    const child = spawnSync('unshare', args, { timeout: 180_000 });
    assert.equal(child.stderr.toString(), '');
    assert.equal(child.status, 0);
    const report = JSON.parse(child.stdout.toString()) as Record<string, unknown>;
    assert.deepEqual(report, { refused: true, code: 'STORE_UNAVAILABLE', lost: 0, goesOn: 'stored' });
  });

  it('an answer that cannot be stored leaves nothing of itself', async () => {
    // The times of the second are no numbers.
    const store = await files().open();
    await store.insertEvent(newEvent(1, 0));
    const broken = { ...boxEvent(1, '2', 0), window_timestamps_ms: [Number.NaN] };
    const outcomes = await Promise.allSettled([
      store.putBoxEvent(boxEvent(1, '1', 0), counts(3), 0),
      store.putBoxEvent(broken, counts(3), 0),
      store.putBoxEvent(boxEvent(1, '3', 0), counts(3), 0),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual((await store.event(1))?.boxes_received, ['1', '3']);
  });
});
