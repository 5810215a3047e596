/** Box id 0 is the default in the settings of both generations: such a box works as any other, and a 0 never means "every box". */
import assert from 'node:assert/strict';
import { cyclesBetween, type FakeClient, type Rig, startRig } from './rig.js';

for (const dialect of [2, 3] as const)
  describe(`acquisition broker: box 0 as a Box ${dialect}`, () => {
    let rig: Rig;
    let client: FakeClient;

    before(async () => {
      rig = await startRig({ boxes: [0, 1001, 7] });
      client = await rig.client();
    });
    after(() => rig.stop());

    it('is asked by its id, alone, and its waveform is stored', async () => {
      const zero = await rig.box(0, dialect);
      const other = await rig.box(7, 3);
      const endMs = Date.now() - 1000;
      const window = { startMs: endMs - 500, endMs };
      await client.request({ ...window, boxIds: [0] });
      const number = await client.evnew();
      const cycles = cyclesBetween(window.startMs, window.endMs);
      if (dialect === 2) await zero.answerRead(await zero.read(number), cycles);
      else await zero.answerData(await zero.command(number), cycles);
      const [stored] = await rig.stored(number, 1);
      assert.equal(stored?.box_id, '0');
      const { boxes_received, boxes_triggered } = await rig.event(number);
      assert.deepEqual([boxes_triggered, boxes_received], [['0'], ['0']]);
      assert.equal(other.commands.length, 0);
    });

    it('an empty list still means every box', async () => {
      const endMs = Date.now() - 1000;
      await client.request({ startMs: endMs - 500, endMs, boxIds: [] });
      const { boxes_triggered } = await rig.event(await client.evnew());
      assert.deepEqual([...boxes_triggered].sort(), ['0', '7']);
    });
  });
