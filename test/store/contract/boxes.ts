import assert from 'node:assert/strict';
import type { BoxDocument } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { givenStore } from './given.js';

export function boxesContract(makeStore: MakeStore): void {
  describe('boxes', () => {
    const given = givenStore(makeStore);
    const plain: BoxDocument = { box_id: '1001', calibration_constant: 1, unplugged: false };
    const full: BoxDocument = {
      box_id: '7',
      name: 'Roof',
      description: 'on the roof, behind the inverter',
      calibration_constant: 152.5,
      unplugged: true,
      location: 'lab-3',
      location_start_time_ms: 1_514_764_800_000,
      location_archive: [{ location: 'lab-1', location_start_time_ms: 1_483_228_800_000 }],
      public_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7',
      kind: 'import',
    };
    const ids = (boxes: BoxDocument[]) => boxes.map((box) => box.box_id).toSorted();

    it('are added, replaced as a whole, and removed', async () => {
      const { store, another } = given();
      assert.deepEqual(await store.boxes(), []);
      await store.putBox(plain);
      await store.putBox(full);
      const other = await another();
      assert.deepEqual(await other.box('7'), full);
      assert.deepEqual(await other.box('1001'), plain);
      assert.equal(await other.box('8'), undefined);
      assert.deepEqual(ids(await other.boxes()), ['1001', '7']);
      const { name: _, public_key: __, ...rest } = full;
      await other.putBox(rest);
      assert.deepEqual(await store.box('7'), rest);
      assert.equal(await store.removeBox('7'), true);
      assert.equal(await store.removeBox('7'), false);
      assert.deepEqual(ids(await store.boxes()), ['1001']);
    });

    it('are added only where neither id nor name is taken; a meter keeps its name in the mapping', async () => {
      const { store, another } = given();
      const meter: BoxDocument = {
        ...{ box_id: '1000000000', name: 'kitchen', calibration_constant: 1, unplugged: true },
        ...{ kind: 'meter', meter: 'kitchen' },
      };
      assert.equal(await store.addBox(meter), true);
      const other = await another();
      assert.deepEqual(await other.box('1000000000'), meter);
      assert.equal(await other.addBox({ ...meter, name: 'cellar', meter: 'cellar' }), false);
      assert.equal(await other.addBox({ ...meter, box_id: '1000000001' }), false);
      assert.deepEqual(await store.boxes(), [meter]);
      const added = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          (i % 2 === 0 ? store : other).addBox({ ...plain, box_id: '5', name: `name ${i}` }),
        ),
      );
      assert.equal(added.filter((one) => one).length, 1);
    });

    it('many boxes may lack a name, but no two share one', async () => {
      const { store } = given();
      await store.putBox(plain);
      await store.putBox({ ...plain, box_id: '1002' });
      await store.putBox(full);
      await assert.rejects(store.putBox({ ...plain, box_id: '1003', name: 'Roof' }), {
        code: 'BOX_NAME_TAKEN',
      });
      assert.deepEqual(ids(await store.boxes()), ['1001', '1002', '7']);
      await store.putBox({ ...full, name: 'Cellar' });
      await store.putBox({ ...plain, box_id: '1003', name: 'Roof' });
    });
  });
}
