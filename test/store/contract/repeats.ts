import assert from 'node:assert/strict';
import type { MakeStore } from '../contract.js';
import { all, boxEvent, counts, finding, givenStore, HOUR, newEvent } from './given.js';

export function repeatsContract(makeStore: MakeStore): void {
  describe('incidents that repeat one of another event', () => {
    const given = givenStore(makeStore, { trendsSeconds: HOUR, eventsSeconds: HOUR });

    async function stored(eventId: number, boxes: readonly string[]) {
      const { store, clock } = given();
      await store.insertEvent(newEvent(eventId, clock.ms));
      for (const box of boxes)
        await store.putBoxEvent(boxEvent(eventId, box, clock.ms), counts(600), clock.ms);
      return { store, t: clock.ms };
    }

    it('one that a later finding supersedes names it, in the same write, until that is found no more', async () => {
      const { store, t } = await stored(1, ['1', '2']);
      await store.insertEvent(newEvent(2, t));
      await store.putBoxEvent(boxEvent(2, '1', t), counts(600), t);
      await store.putAnalysis(1, '1', [finding(1, '1', t)]);
      await store.putAnalysis(1, '2', [finding(1, '2', t)]);
      await store.annotateIncident(1, 'a tree');
      const whole = { ...finding(2, '1', t), supersedes: [1] };
      const sameAs = async () => (await all(store.incidents())).map((one) => one.metadata.same_as);
      for (const _ of ['first', 'again']) {
        await store.putAnalysis(2, '1', [whole]);
        assert.deepEqual(await sameAs(), [3, undefined, undefined]);
      }
      const first = await store.incident(1);
      assert.deepEqual([first?.annotations, first?.metadata.residual_pu], [['a tree'], 0.72]);
      assert.ok(await store.waveform('incident_1'));
      // One of another box, or that is not there, stays as it is.
      await store.putAnalysis(2, '1', [{ ...whole, supersedes: [2] }]);
      await store.putAnalysis(2, '1', [{ ...whole, supersedes: [99] }]);
      assert.deepEqual(await sameAs(), [3, undefined, undefined]);
      await store.putAnalysis(2, '1', []);
      assert.deepEqual(await sameAs(), [undefined, undefined]);
      assert.deepEqual((await store.incident(1))?.metadata, finding(1, '1', t).incident.metadata);
    });

    it('one that is written again by itself repeats what it did before', async () => {
      const { store, t } = await stored(1, ['1']);
      await store.insertEvent(newEvent(2, t));
      await store.putBoxEvent(boxEvent(2, '1', t), counts(600), t);
      const first = finding(1, '1', t);
      await store.putAnalysis(1, '1', [first]);
      await store.putAnalysis(2, '1', [{ ...finding(2, '1', t), supersedes: [1] }]);
      const sameAs = async () => (await all(store.incidents())).map((one) => one.metadata.same_as);
      // As it was read before it was superseded.
      await store.putIncident(first);
      assert.deepEqual(await sameAs(), [2, undefined]);
      const stale = { ...first, incident: { ...first.incident, metadata: { same_as: 9 } } };
      await store.putIncident(stale);
      assert.deepEqual(await sameAs(), [2, undefined]);
    });

    it('in a chain of repeats, what repeats a removed one repeats what that one repeated', async () => {
      const { store, t } = await stored(1, ['1']);
      for (const eventId of [2, 3]) {
        await store.insertEvent(newEvent(eventId, t));
        await store.putBoxEvent(boxEvent(eventId, '1', t), counts(600), t);
      }
      await store.putAnalysis(1, '1', [finding(1, '1', t)]);
      await store.putAnalysis(2, '1', [{ ...finding(2, '1', t), supersedes: [1] }]);
      await store.putAnalysis(3, '1', [{ ...finding(3, '1', t), supersedes: [2] }]);
      const sameAs = async () => (await all(store.incidents())).map((one) => one.metadata.same_as);
      assert.deepEqual(await sameAs(), [2, 3, undefined]);
      await store.putAnalysis(2, '1', []);
      assert.deepEqual(await sameAs(), [3, undefined]);
      await store.putAnalysis(3, '1', []);
      assert.deepEqual(await sameAs(), [undefined]);
    });

    it('a finding that is not stored, for one with its key is there, supersedes nothing', async () => {
      const { store, t } = await stored(1, ['1']);
      await store.insertEvent(newEvent(2, t));
      await store.putBoxEvent(boxEvent(2, '1', t), counts(600), t);
      await store.putAnalysis(1, '1', [finding(1, '1', t)]);
      const twice = [finding(2, '1', t), { ...finding(2, '1', t), supersedes: [1] }];
      assert.deepEqual(await store.putAnalysis(2, '1', twice), { inserted: 1, duplicates: 1 });
      assert.deepEqual(
        (await all(store.incidents())).map((one) => [one.incident_id, one.metadata.same_as]),
        [
          [1, undefined],
          [2, undefined],
        ],
      );
    });
  });
}
