import assert from 'node:assert/strict';
import type { Original } from '../../../store/documents.js';
import { originalHash } from '../../../store/originals.js';
import type { MakeStore } from '../contract.js';
import { givenStore, HOUR, newEvent } from './given.js';

export function originalsContract(makeStore: MakeStore): void {
  describe('files that events were imported from', () => {
    const given = givenStore(makeStore, { eventsSeconds: 9 * HOUR });
    const large = Uint8Array.from({ length: 600_000 }, (_, i) => (i * 31) % 251);
    const files = [
      { name: 'Übung 1.cfg', bytes: Buffer.from('station,device,1999\r\n') },
      { name: 'Übung 1.dat', bytes: large },
    ];
    const original = (event_id: number, recording = 1, of = files): Original => ({
      event_id,
      sha256: originalHash(of),
      recording,
      files: of,
    });
    const bytesOf = (found: Original | undefined) =>
      found?.files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]);

    it('come back byte for byte, and a recording is imported once', async () => {
      const { store, another } = given();
      assert.equal(await store.original(5), undefined);
      assert.equal(await store.importedEventId(originalHash(files), 1), undefined);
      assert.equal(await store.putOriginal(original(5)), 5);
      assert.equal(await store.putOriginal(original(6, 2)), 6);
      const other = await another();
      assert.equal(await other.putOriginal(original(7)), 5);
      assert.equal(await other.importedEventId(originalHash(files), 1), 5);
      assert.equal(await other.importedEventId(originalHash(files), 3), undefined);
      for (const [eventId, recording] of [
        [5, 1],
        [6, 2],
      ] as const) {
        const found = await other.original(eventId);
        assert.deepEqual(bytesOf(found), bytesOf(original(eventId)));
        assert.deepEqual([found?.recording, found?.sha256], [recording, originalHash(files)]);
      }
      assert.equal(await other.original(7), undefined);
    });

    it('go with the last event that was imported from them', async () => {
      const { store, clock } = given();
      await store.putOriginal(original(1, 1));
      await store.insertEvent(newEvent(1, clock.ms));
      const first = clock.ms;
      clock.ms += 5 * HOUR * 1000;
      await store.putOriginal(original(2, 2));
      await store.insertEvent(newEvent(2, clock.ms));
      await store.sweep(first + (9 * HOUR + 1) * 1000);
      assert.equal(await store.original(1), undefined);
      assert.equal(await store.importedEventId(originalHash(files), 1), undefined);
      assert.deepEqual(bytesOf(await store.original(2)), bytesOf(original(2)));
      await store.sweep(clock.ms + (9 * HOUR + 1) * 1000);
      assert.equal(await store.original(2), undefined);
      // Nothing is left that a later import of the same files would meet.
      assert.equal(await store.putOriginal(original(3, 2, files.slice(0, 1))), 3);
      assert.equal((await store.original(3))?.files.length, 1);
    });

    it('of an import that did not finish go after ten minutes, not before', async () => {
      const { store, clock } = given();
      await store.putOriginal(original(1));
      await store.sweep(clock.ms + 599_000);
      assert.equal((await store.original(1))?.files.length, 2);
      await store.sweep(clock.ms + 601_000);
      assert.equal(await store.original(1), undefined);
    });
  });
}
