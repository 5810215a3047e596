import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runs } from '../../support/property.js';
import type { MakeStore } from '../contract.js';
import { boxEvent, bytesOf, counts, givenStore, newEvent } from './given.js';

export function waveformsContract(makeStore: MakeStore): void {
  describe('box events and waveforms', () => {
    const given = givenStore(makeStore);

    it('a box event comes back with its times, and its waveform byte for byte', async () => {
      const { store, clock, another } = given();
      const document = { ...boxEvent(5, '1001', clock.ms, 120), location: 'lab-3' };
      const samples = counts(24_000);
      await store.insertEvent(newEvent(5, clock.ms));
      assert.equal(await store.putBoxEvent(document, samples, clock.ms), 'stored');
      for (const reader of [store, await another()]) {
        assert.deepEqual(await reader.boxEvents(5), [document]);
        const bytes = await reader.waveform('event_5_1001');
        assert.ok(Buffer.isBuffer(bytes) && bytes.equals(bytesOf(samples)));
      }
    });

    it('counts are little endian, whatever the extremes', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms));
      await store.putBoxEvent(boxEvent(1, '1', clock.ms), Int16Array.of(-32768, 32767, -1, 258), clock.ms);
      assert.equal((await store.waveform('event_1_1'))?.toString('hex'), '0080ff7fffff0201');
    });

    it('odd sizes, an empty one and 5 MB are kept whole', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms));
      // Around the chunk sizes that stores use, and a 60 s window of a box with 43.7 kHz.
      const lengths = [0, 1, 3, 199, 65_535, 130_559, 130_560, 130_561, 2_621_443];
      for (const [i, length] of lengths.entries()) {
        const samples = counts(length, i + 1);
        await store.putBoxEvent(boxEvent(1, String(i), clock.ms), samples, clock.ms);
        const bytes = await store.waveform(`event_1_${i}`);
        assert.ok(bytes?.equals(bytesOf(samples)), `${length} samples`);
      }
    });

    it('samples may be a part of a larger buffer, which stays as it was', async () => {
      const { store, clock } = given();
      const whole = counts(1000);
      const before = whole.slice();
      await store.insertEvent(newEvent(1, clock.ms));
      await store.putBoxEvent(boxEvent(1, '4', clock.ms), whole.subarray(301, 702), clock.ms);
      assert.ok((await store.waveform('event_1_4'))?.equals(bytesOf(whole.slice(301, 702))));
      assert.deepEqual(whole, before);
    });

    it('the same answer twice leaves the first one, counted once', async () => {
      const { store, clock, another } = given();
      await store.insertEvent(newEvent(2, clock.ms));
      const document = boxEvent(2, '1001', clock.ms);
      const samples = counts(600);
      assert.equal(await store.putBoxEvent(document, samples, clock.ms + 5), 'stored');
      const again = { ...boxEvent(2, '1001', clock.ms + 999, 9), location: 'elsewhere' };
      const other = await another();
      assert.equal(await store.putBoxEvent(document, samples, clock.ms + 7), 'duplicate');
      assert.equal(await other.putBoxEvent(again, counts(1800, 9), clock.ms + 8), 'duplicate');
      assert.deepEqual(await store.boxEvents(2), [document]);
      assert.ok((await store.waveform('event_2_1001'))?.equals(bytesOf(samples)));
      const event = await store.event(2);
      assert.deepEqual([event?.boxes_received, event?.latencies_ms], [['1001'], [clock.ms + 5]]);
    });

    it('answers of many boxes at the same time, from two instances, are all there once', async () => {
      const { store, clock, another } = given();
      const other = await another();
      await store.insertEvent(newEvent(2, clock.ms));
      const boxes = Array.from({ length: 25 }, (_, i) => String(i));
      const puts = boxes.flatMap((box, i) =>
        [store, other].map((to) => to.putBoxEvent(boxEvent(2, box, clock.ms), counts(400, i), clock.ms + i)),
      );
      const outcomes = await Promise.all(puts);
      assert.equal(outcomes.filter((outcome) => outcome === 'stored').length, boxes.length);
      const event = await store.event(2);
      const numeric = (a: string, b: string) => Number(a) - Number(b);
      assert.deepEqual(event?.boxes_received.toSorted(numeric), boxes);
      // The two lists agree, in whatever order the answers were taken.
      assert.deepEqual(
        event?.latencies_ms,
        event?.boxes_received.map((box) => clock.ms + Number(box)),
      );
      for (const [i, box] of boxes.entries()) {
        assert.ok((await store.waveform(`event_2_${box}`))?.equals(bytesOf(counts(400, i))));
      }
    });

    for (const stage of ['file', 'box event'] as const) {
      it(`what a crash after the ${stage} left half done is completed by the same answer`, async function () {
        const { store, clock, halfDone } = given();
        if (halfDone === undefined) return this.skip();
        await store.insertEvent(newEvent(6, clock.ms));
        const document = boxEvent(6, '8', clock.ms);
        const samples = counts(600);
        await halfDone(stage, document, samples);
        await store.putBoxEvent(document, samples, clock.ms + 3);
        assert.equal(await store.putBoxEvent(document, samples, clock.ms + 4), 'duplicate');
        assert.deepEqual(await store.boxEvents(6), [document]);
        assert.ok((await store.waveform('event_6_8'))?.equals(bytesOf(samples)));
        const event = await store.event(6);
        assert.deepEqual([event?.boxes_received, event?.latencies_ms], [['8'], [clock.ms + 3]]);
      });
    }

    it('nothing is there for what was not stored', async () => {
      const { store } = given();
      assert.deepEqual(await store.boxEvents(1), []);
      assert.equal(await store.waveform('event_1_1'), undefined);
      assert.equal(await store.waveform(''), undefined);
    });

    it('any waveform comes back as it went in', async () => {
      const { store, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms));
      let box = 0;
      const times = fc.array(fc.integer({ min: 0, max: 4e12 }), { maxLength: 50 });
      await fc.assert(
        fc.asyncProperty(fc.int16Array({ maxLength: 2000 }), times, async (samples, window_timestamps_ms) => {
          box += 1;
          const document = { ...boxEvent(1, String(box), clock.ms), window_timestamps_ms };
          await store.putBoxEvent(document, samples, clock.ms);
          assert.ok((await store.waveform(document.data_fs_filename))?.equals(bytesOf(samples)));
          assert.deepEqual((await store.boxEvents(1)).at(-1), document);
        }),
        { numRuns: runs(25) },
      );
    });
  });
}
