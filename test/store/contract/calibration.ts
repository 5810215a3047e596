import assert from 'node:assert/strict';
import type { BoxDocument } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { boxEvent, counts, finding, givenStore, newEvent } from './given.js';

export function calibrationContract(makeStore: MakeStore): void {
  describe('what waveforms are judged with', () => {
    const given = givenStore(makeStore);

    it('stands in the box event: as it was stored, and what the analysis took; no other box has it', async () => {
      const { store, another, clock } = given();
      await store.insertEvent(newEvent(1, clock.ms));
      const with_ = { ...boxEvent(1, '1001', clock.ms), calibration_constant: 152.5 };
      const without = boxEvent(1, '1002', clock.ms);
      await store.putBoxEvent(with_, counts(700, 1), clock.ms);
      await store.putBoxEvent(without, counts(700, 2), clock.ms);
      // A second reply changes nothing.
      await store.putBoxEvent({ ...with_, calibration_constant: 7 }, counts(700, 1), clock.ms);
      const other = await another();
      assert.deepEqual(await other.boxEvents(1), [with_, without]);
      const analysed = { kind: 'analysis', eventId: 1, findings: [finding(1, '1001', clock.ms)] } as const;
      const judgedWith = { nominal_voltage: 230, nominal_frequency: 50 };
      await store.apply({ ...analysed, boxId: '1001', remarks: [], judgedWith });
      assert.deepEqual(await other.boxEvents(1), [{ ...with_, ...judgedWith }, without]);
      await Promise.all([
        store.apply({ ...analysed, boxId: '1001', remarks: [], judgedWith: { nominal_voltage: 277 } }),
        store.apply({ ...analysed, boxId: '1002', remarks: [], findings: [] }),
        // Of a box event that is gone.
        store.apply({ ...analysed, boxId: '1003', remarks: [], findings: [], judgedWith }),
      ]);
      const judged = { ...with_, ...judgedWith, nominal_voltage: 277 };
      assert.deepEqual(await other.boxEvents(1), [judged, without]);
      assert.deepEqual(await other.boxEvents(2), []);
    });

    it('is copied with the box event, and goes with it', async () => {
      const { store, clock } = given();
      const document = {
        ...boxEvent(1, '1001', clock.ms),
        ...{ calibration_constant: 152.5, nominal_voltage: 277, nominal_frequency: 60 },
      };
      await store.insertEvent(newEvent(1, clock.ms));
      await store.restore({ boxEvents: [{ document, bytes: Buffer.alloc(200) }] });
      assert.deepEqual(await store.boxEvents(1), [document]);
      await store.deleteEvents([1]);
      await store.insertEvent(newEvent(1, clock.ms));
      await store.putBoxEvent(boxEvent(1, '1001', clock.ms), counts(700, 1), clock.ms);
      assert.deepEqual(await store.boxEvents(1), [boxEvent(1, '1001', clock.ms)]);
    });

    it('the archive of a box comes back, and may go', async () => {
      const { store, another } = given();
      const box: BoxDocument = {
        ...{ box_id: '7', calibration_constant: 153, unplugged: false, nominal_voltage: 230 },
        calibration_start_time_ms: 1_780_000_000_000,
        calibration_archive: [
          { calibration_constant: 152.5, calibration_start_time_ms: 0 },
          {
            ...{ calibration_constant: 152.75, nominal_voltage: 120, nominal_frequency: 60 },
            calibration_start_time_ms: 1_770_000_000_000,
          },
        ],
      };
      await store.putBox(box);
      const other = await another();
      assert.deepEqual(await other.box('7'), box);
      const { calibration_archive: _, calibration_start_time_ms: __, ...rest } = box;
      await store.putBox(rest);
      assert.deepEqual(await other.box('7'), rest);
    });
  });
}
