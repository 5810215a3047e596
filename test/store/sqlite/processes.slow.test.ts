import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { givenFiles, startWriter } from './files.js';
import { assertKept, type Said } from './loaded-writer.js';

/** What a writer says, until it ends by itself or has said `enough` and is killed -9. */
async function listen(
  writer: ReturnType<typeof startWriter>,
  enough = Number.POSITIVE_INFINITY,
): Promise<Said[]> {
  const said: Said[] = [];
  let errors = '';
  writer.stderr.on('data', (text) => {
    errors += text;
  });
  const closed = once(writer, 'close');
  for await (const line of createInterface(writer.stdout)) {
    said.push(JSON.parse(line) as Said);
    if (said.length === enough) writer.kill('SIGKILL');
  }
  const [code, signal] = await closed;
  assert.equal(errors, '');
  assert.deepEqual([code, signal], enough < Number.POSITIVE_INFINITY ? [null, 'SIGKILL'] : [0, null]);
  return said;
}

describe('store/sqlite: processes', function () {
  // Processes start slowly on a machine that does much else.
  this.timeout(400_000);
  const files = givenFiles();

  for (const enough of [1, 40, 401]) {
    it(`killed -9 after ${enough} acknowledgements, everything acknowledged is there and nothing is half done`, async () => {
      const { file, open } = files();
      const said = await listen(startWriter(file, '1'), enough);
      const store = await open();
      await assertKept(store, said, 1);
      for await (const event of store.events()) {
        const boxes = (await store.boxEvents(event.event_id)).map((document) => document.box_id);
        assert.deepEqual(event.boxes_received, boxes);
        assert.equal(event.latencies_ms?.length, boxes.length);
      }
      const numbers = said.flatMap((line) => line.numbered ?? []);
      const [next = 0] = await store.nextEventIds(1);
      assert.ok(next > Math.max(...numbers, 0));
      const raw = new DatabaseHandle(file);
      assert.deepEqual(raw.pragma('integrity_check', { simple: true }), 'ok');
      raw.close();
    });
  }

  it('three processes write to one new file at the same time: all is there, no number was given twice', async () => {
    const { file, open } = files();
    const starts = [1, 1001, 2001];
    const reports = await Promise.all(starts.map((box) => listen(startWriter(file, String(box), '40'))));
    const store = await open();
    for (const [i, said] of reports.entries()) await assertKept(store, said, starts[i] ?? 0);
    const numbers = reports.flat().flatMap((line) => line.numbered ?? []);
    assert.equal(numbers.length, 120);
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: 120 }, (_, i) => i + 1),
    );
  });
});
