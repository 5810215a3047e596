import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openSqliteStore } from '../../store/sqlite/index.js';
import { IMPORTED_IDS, putImportedBoxes } from '../support/imported-boxes.js';
import { startRig, until } from './rig.js';

describe('acquisition broker: boxes of imported recordings', () => {
  it('a request for all boxes asks those that are connected, and none that was imported', async () => {
    const rig = await startRig();
    try {
      await putImportedBoxes(rig.store, 'test-lab');
      const client = await rig.client();
      const box2 = await rig.box(1001, 2);
      const box3 = await rig.box(7, 3);
      const endMs = Date.now() - 1000;
      await client.request({ startMs: endMs - 500, endMs, boxIds: [] });
      const number = await client.evnew();
      const read = await box2.read(number);
      assert.equal(read.sequenceNumber, number);
      const command = await box3.command(number);
      assert.equal(command.identity, `data_${number}_test-broker`);
      await until(async () => (await rig.store.event(number)) !== undefined);
      const event = await rig.event(number);
      assert.deepEqual([...event.boxes_triggered].sort(), ['1001', '7']);
      assert.ok(IMPORTED_IDS.every((id) => !event.boxes_triggered.includes(id)));
      assert.equal(rig.broker.status().open.boxes, 2);
    } finally {
      await rig.stop();
    }
  });

  it('a request that names some asks the others; one that names only imported boxes is dropped, also a Command', async () => {
    const rig = await startRig({
      // before the broker starts
      async configOf({ directory }) {
        const store = await openSqliteStore(join(directory, 'makai.db'), {
          retention: { mode: 'ttl', measurementsSeconds: 86_400 },
          thread: 'inline',
        });
        await putImportedBoxes(store, 'test-lab');
        await store.close();
        return {};
      },
    });
    try {
      const [first = '', second = ''] = IMPORTED_IDS;
      const client = await rig.client();
      const box3 = await rig.box(7, 3);
      const endMs = Date.now() - 1000;
      const window = { startMs: endMs - 500, endMs };
      await client.request({ ...window, boxIds: [Number(first)] });
      await until(() => rig.rejected('imported_box') === 1);
      const body = { kind: 'data', wait: false, ...window } as const;
      await client.command({ boxId: Number(first), identity: 'data_token_rest', body });
      await client.command({ boxId: Number(first), identity: 'someone_1', body });
      await until(() => rig.rejected('imported_box') === 3);
      assert.equal(rig.broker.status().open.boxes, 0);
      await client.request({ ...window, boxIds: [Number(first), 7, Number(second)] });
      const number = await client.evnew();
      assert.equal((await box3.command(number)).identity, `data_${number}_test-broker`);
      await until(async () => (await rig.store.event(number)) !== undefined);
      assert.deepEqual((await rig.event(number)).boxes_triggered, ['7']);
      assert.equal(rig.rejected('imported_box'), 5);
      assert.equal(rig.broker.status().open.boxes, 1);
    } finally {
      await rig.stop();
    }
  });

  it('a meter: an event about it asks nobody, one about a box too asks the box; no command reaches it', async () => {
    const meter = 1_000_000_000;
    const rig = await startRig({
      // before the broker starts
      async configOf({ directory }) {
        const store = await openSqliteStore(join(directory, 'makai.db'), {
          retention: { mode: 'ttl', measurementsSeconds: 86_400 },
          thread: 'inline',
        });
        await store.putBox({
          ...{ box_id: String(meter), calibration_constant: 1, unplugged: true },
          ...{ kind: 'meter', meter: 'kitchen' },
        });
        await store.close();
        return {};
      },
    });
    try {
      const client = await rig.client();
      const box3 = await rig.box(7, 3);
      const endMs = Date.now() - 1000;
      const window = { startMs: endMs - 500, endMs };
      await client.request({ ...window, boxIds: [meter] });
      const alone = await client.evnew();
      await until(async () => (await rig.store.event(alone)) !== undefined);
      const refused = [{ reason: 'meter', boxes: [String(meter)] }];
      const event = await rig.event(alone);
      assert.deepEqual(
        [event.boxes_triggered, event.request_data, event.boxes_refused],
        [[String(meter)], false, refused],
      );
      await client.request({ ...window, boxIds: [meter, 7] });
      const both = await client.evnew();
      assert.equal((await box3.command(both)).identity, `data_${both}_test-broker`);
      await until(async () => (await rig.store.event(both)) !== undefined);
      const second = await rig.event(both);
      assert.deepEqual(
        [second.boxes_triggered, second.request_data, second.boxes_refused],
        [[String(meter), '7'], undefined, refused],
      );
      assert.equal(rig.broker.status().open.boxes, 1);
      const body = { kind: 'data', wait: false, ...window } as const;
      await client.command({ boxId: meter, identity: 'someone_1', body });
      await until(() => rig.rejected('meter') === 1);
    } finally {
      await rig.stop();
    }
  });
});
