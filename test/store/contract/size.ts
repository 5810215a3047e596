import assert from 'node:assert/strict';
import { FOREVER_SECONDS } from '../../../store/documents.js';
import { originalHash } from '../../../store/originals.js';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, columnsOf, counts, finding, givenStore, newEvent } from './given.js';

/** A second: many pages of SQLite, so that what is left over in a page does not count. */
const SAMPLES = 12_000;

export function sizeContract(makeStore: MakeStore): void {
  describe('the size, and the oldest waveforms', () => {
    const given = givenStore(makeStore);

    it('the waveforms of the oldest events that are not kept go; events, incidents and all else stay', async () => {
      const { store, another, clock } = given();
      const start = clock.ms;
      const empty = await store.usedBytes();
      await store.insertMeasurements(columnsOf([{ box: 1001, at: start, metrics: { rms: 120 } }]));
      // The order is that of ids, not of times: an import of old recordings is not the oldest.
      for (const id of [3, 5, 7, 9, 11]) {
        await store.insertEvent(newEvent(id, start - 1000 * id));
        for (const box of ['1001', '1002'])
          await store.putBoxEvent(boxEvent(id, box, start - 1000 * id), counts(SAMPLES, id), start);
        await store.putAnalysis(id, '1001', [finding(id, '1001', start)]);
      }
      await store.keepEvent(3, true);
      const incidents = (await all(store.incidents())).length;
      const full = await store.usedBytes();
      assert.ok(full - empty >= 5 * 2 * 2 * SAMPLES, `${empty}, then ${full}`);

      clock.ms += 60_000;
      const deleted = await store.deleteOldestWaveforms(3 * 2 * SAMPLES, clock.ms);
      assert.deepEqual([deleted.events, deleted.waveforms], [2, 4]);
      assert.ok(deleted.bytes >= 2 * 2 * 2 * SAMPLES, String(deleted.bytes));
      const left = await store.usedBytes();
      assert.ok(left <= full - 2 * 2 * 2 * SAMPLES, `${full}, then ${left}`);
      const other = await another();
      const waveforms = async (id: number) =>
        Promise.all(['1001', '1002'].map((box) => other.waveform(`event_${id}_${box}`)));
      for (const id of [5, 7]) {
        assert.deepEqual(await waveforms(id), [undefined, undefined]);
        assert.deepEqual(await other.boxEvents(id), []);
        const event = await other.event(id);
        assert.equal(event?.waveforms_deleted_ms, clock.ms);
        assert.deepEqual(event?.boxes_received, ['1001', '1002']);
      }
      for (const id of [3, 9, 11]) {
        assert.deepEqual(
          (await waveforms(id)).map((bytes) => bytes?.length),
          [2 * SAMPLES, 2 * SAMPLES],
        );
        assert.equal((await other.event(id))?.waveforms_deleted_ms, undefined);
      }
      assert.equal((await all(other.incidents())).length, incidents);
      assert.equal((await all(other.measurements('1001'))).length, 1);
      assert.deepEqual(
        (await other.waitingWaveforms(10)).map(({ eventId }) => eventId),
        [3, 9, 11],
      );

      // Everything that may be deleted, and then nothing more.
      assert.equal((await store.deleteOldestWaveforms(1e12, clock.ms)).events, 2);
      assert.deepEqual(await store.deleteOldestWaveforms(1e12, clock.ms), {
        ...{ events: 0, waveforms: 0, bytes: 0 },
      });
      assert.equal((await store.boxEvents(3)).length, 2);
      assert.equal((await store.event(3))?.expire_at, FOREVER_SECONDS);
    });

    it('files of imports go with the last of their events', async () => {
      const { store, clock } = given();
      const files = [{ name: 'a.dat', bytes: new Uint8Array(300_000).fill(7) }];
      const sha256 = originalHash(files);
      for (const id of [1, 2]) {
        await store.putOriginal({ event_id: id, sha256, recording: id, files });
        await store.insertEvent(newEvent(id, clock.ms));
        await store.putBoxEvent(boxEvent(id, '1001', clock.ms), counts(700, id), clock.ms);
      }
      const full = await store.usedBytes();
      assert.equal((await store.deleteOldestWaveforms(1, clock.ms)).events, 1);
      assert.equal(await store.original(1), undefined);
      assert.equal((await store.original(2))?.files[0]?.bytes.length, 300_000);
      const { bytes, events } = await store.deleteOldestWaveforms(1, clock.ms);
      assert.equal(events, 1);
      assert.ok(bytes >= 300_000 || (await store.usedBytes()) <= full - 300_000, String(bytes));
      assert.equal(await store.original(2), undefined);
    });

    it('a copy says when the waveforms were deleted', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms));
      await store.putBoxEvent(boxEvent(1, '1001', clock.ms), counts(700, 1), clock.ms);
      await store.deleteOldestWaveforms(1, clock.ms);
      const event = await store.event(1);
      assert.ok(event?.waveforms_deleted_ms === clock.ms);
      await store.restore({ events: [{ ...event, event_id: 5 }] });
      assert.deepEqual(await store.event(5), { ...event, event_id: 5 });
    });
  });
}
