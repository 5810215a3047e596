import assert from 'node:assert/strict';
import { bytesOf, cyclesBetween, type FakeClient, type Rig, startRig, until } from './rig.js';

describe('acquisition broker: an event of both generations', () => {
  let rig: Rig;
  let client: FakeClient;
  const endMs = (): number => Date.now() - 1000;

  before(async () => {
    rig = await startRig();
    client = await rig.client();
  });
  after(() => rig.stop());

  it('numbers, stores, announces, asks in both dialects, stores what comes, announces the first waveform', async () => {
    const box2 = await rig.box(1001, 2);
    const box3 = await rig.box(7, 3);
    await rig.store.putBox({ box_id: '7', calibration_constant: 1, unplugged: false, location: 'test-lab' });
    const end = endMs();
    const window = { startMs: end - 1000, endMs: end };
    await client.request({
      ...window,
      boxIds: [1001, 7],
      triggerType: 'VOLTAGE_SAG',
      percentMagnitude: 12.5,
      description: 'a sag',
    });
    const number = await client.evnew();

    const read = await box2.read();
    assert.deepEqual(read, {
      type: 'READ',
      sequenceNumber: number,
      time: Math.floor((window.startMs + window.endMs) / 2),
      back: window.startMs,
      forward: window.endMs,
    });
    const [topic] = await box2.commands.next(); // A Box 2 hears the Commands too.
    assert.equal(topic?.toString(), '7');
    const command = await box3.command();
    assert.ok(command.seq > 5);
    assert.equal(command.identity, `data_${number}_test-broker`);
    assert.deepEqual(command.body, { kind: 'data', ...window, wait: false });

    const before = Date.now();
    const cycles2 = cyclesBetween(window.startMs + 20, window.endMs + 140);
    const cycles3 = cyclesBetween(window.startMs + 1, window.endMs);
    await box2.answerRead(read, cycles2);
    const [text, noticed] = await client.notices.next();
    await box3.answerData(command, cycles3);
    const stored = await rig.stored(number, 2);

    assert.deepEqual([text?.toString(), noticed?.toString()], ['test-broker', String(number)]);
    const event = await rig.event(number);
    assert.equal(event.type, 'VOLTAGE_SAG');
    assert.equal(event.percent_magnitude, 12.5);
    assert.equal(event.description, 'a sag');
    assert.deepEqual(event.boxes_triggered, ['1001', '7']);
    assert.deepEqual(event.boxes_received, ['1001', '7']);
    assert.equal(event.target_event_start_timestamp_ms, window.startMs);
    assert.equal(event.target_event_end_timestamp_ms, window.endMs);
    assert.equal(event.latencies_ms?.length, 2);
    for (const ms of event.latencies_ms ?? []) assert.ok(ms >= before && ms <= Date.now());
    const byBox = new Map(stored.map((document) => [document.box_id, document]));
    for (const [id, cycles] of [
      ['1001', cycles2],
      ['7', cycles3],
    ] as const) {
      const document = byBox.get(id);
      assert.deepEqual(document?.window_timestamps_ms, cycles.timesMs);
      assert.equal(document?.event_start_timestamp_ms, cycles.timesMs[0]);
      assert.equal(document?.event_end_timestamp_ms, (cycles.timesMs.at(-1) ?? 0) + 16);
      assert.equal(document?.data_fs_filename, `event_${number}_${id}`);
      assert.ok((await rig.store.waveform(`event_${number}_${id}`))?.equals(bytesOf(cycles.samples)));
    }
    assert.equal(byBox.get('7')?.location, 'test-lab');
    assert.equal(byBox.get('1001')?.location, 'unknown');
    assert.equal(client.notices.length, 0);
    await until(() => rig.broker.status().open.requests === 0);
    await until(async () => (await rig.store.openRequests()).length === 0);
    box2.close();
    box3.close();
    await until(() => rig.broker.status().boxes.box2?.connections === 0);
    await until(() => rig.broker.status().boxes.box3?.ids.length === 0);
  });
});
