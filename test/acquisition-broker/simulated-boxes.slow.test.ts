import assert from 'node:assert/strict';
import { type Box, memorySource, startBox } from '../../box/index.js';
import { bytesOf, type FakeClient, type Rig, recorded, startRig, until } from './rig.js';

/** When the boxes were switched on, so that their buffers hold something; ten seconds would look like a gap. */
const ON_SINCE_MS = 9_000;

describe('acquisition broker: with simulated boxes of both generations', () => {
  let rig: Rig;
  let client: FakeClient;
  const boxes = new Map<number, Box>();
  const killed: string[] = [];

  before(async () => {
    rig = await startRig({ boxes: [1001, 1002, 7, 77] });
    client = await rig.client();
    const { box_pub = '', box_pull = '' } = rig.broker.endpoints;
    const samples = Int16Array.from(
      { length: 60 * 200 },
      (_, i) => 16_000 * Math.sin((2 * Math.PI * i) / 200),
    );
    for (const id of [1001, 1002, 7, 77]) {
      const box = await startBox({
        id,
        dialect: id > 1000 ? 2 : 3,
        source: memorySource(samples, 100, `box ${id}`),
        serverPublicKey: rig.serverKey,
        keys: rig.keysOf(id),
        endpoints: { measurements: 'tcp://127.0.0.1:9', commands: box_pub, replies: box_pull },
        startMs: Date.now() - ON_SINCE_MS,
      });
      box.on('killed', (reason) => killed.push(`${id}: ${reason}`));
      boxes.set(id, box);
    }
    await until(() => {
      const { box2, box3 } = rig.broker.status().boxes;
      return box2?.ids.length === 2 && box3?.ids.length === 2;
    });
    for (const box of boxes.values()) await recorded(box, 6);
  });
  after(async () => {
    for (const box of boxes.values()) await box.stop();
    await rig.stop();
  });
  afterEach(() => assert.deepEqual(killed, []));

  it('everybody is asked, and each stores what it holds, byte for byte', async () => {
    const endMs = Date.now() - 2000;
    await client.request({ startMs: endMs - 3000, endMs });
    const number = await client.evnew();
    const stored = await rig.stored(number, 4);
    assert.deepEqual((await rig.event(number)).boxes_triggered, ['7', '77', '1001', '1002']);
    for (const { box_id, data_fs_filename, event_end_timestamp_ms, event_start_timestamp_ms } of stored) {
      const held = boxes.get(Number(box_id))?.waveform(event_start_timestamp_ms, event_end_timestamp_ms - 16);
      assert.ok(held !== undefined && held.timesMs.length > 170, `${held?.timesMs.length} cycles`);
      assert.ok((await rig.store.waveform(data_fs_filename))?.equals(bytesOf(held.samples)), `box ${box_id}`);
      assert.ok(Math.abs(event_start_timestamp_ms - (endMs - 3000)) <= 170);
      assert.ok(Math.abs(event_end_timestamp_ms - endMs) <= 190);
    }
    // Box 7 hears what is meant for box 77, and answers it.
    await until(() => rig.rejected('reply_of_another_box') === 1);
  });

  it('a window of the future comes whole, one before the buffer stays empty', async () => {
    const startMs = Date.now() - 500;
    await client.request({ startMs, endMs: startMs + 2000, boxIds: [1001, 7] });
    const number = await client.evnew();
    for (const { window_timestamps_ms: times } of await rig.stored(number, 2)) {
      assert.ok((times[0] ?? 0) <= startMs + 190 && (times.at(-1) ?? 0) >= startMs + 2000 - 190);
    }
    const { empty } = rig.broker.status().open;
    const before = Date.now() - 10 * 60_000;
    await client.request({ startMs: before - 1000, endMs: before, boxIds: [1001, 7] });
    const emptyNumber = await client.evnew();
    await until(() => rig.broker.status().open.empty >= empty + 2);
    assert.deepEqual(await rig.store.boxEvents(emptyNumber), []);
  });

  it('a Box 3 answers a Command of a service, and its rate can be set', async () => {
    await client.command({ boxId: 7, identity: 'maukainfo_x_0', body: { kind: 'info' } });
    assert.equal((await client.heard.next())[0]?.toString(), 'maukainfo_x_0');
    await client.command({
      boxId: 7,
      identity: 'maukarate_x_1',
      body: { kind: 'samplingRate', measurementWindowCycles: 30 },
    });
    assert.equal((await client.heard.next())[0]?.toString(), 'maukarate_x_1');
  });
});
