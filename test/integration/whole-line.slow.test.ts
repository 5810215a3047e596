/**
 * The spine: three daemons as processes, real CURVE sockets, two simulated boxes (a Box 2 and a Box 3) that replay a sag seen by two real
 * boxes; threshold detects it, and the waveform is stored byte for byte.
 */
import assert from 'node:assert/strict';
import { givenMongo } from '../support/mongo-server.js';
import { generated, givenLine, recorded, untilSag } from './line.js';

describe('the whole line', function () {
  this.timeout(400_000);
  const onMongo = recorded.available ? recorded : generated;
  for (const { test, mongo } of [
    { test: recorded, mongo: false },
    { test: generated, mongo: false },
    { test: onMongo, mongo: true },
  ]) {
    describe(`${test.title}${mongo ? ', on MongoDB' : ''}`, () => {
      const server = mongo ? givenMongo() : undefined;
      const line = givenLine(test, server);

      it('threshold finds the sag on both boxes; the stored waveforms are what the boxes hold', async () => {
        const { store, boxes } = line();
        const sags = { 1: await untilSag(store, '1'), 4: await untilSag(store, '4') };
        for (const id of [1, 4] as const) {
          const box = boxes[id];
          assert.ok(box !== undefined);
          const { boxEvent, minimumVolts } = sags[id];
          const timestamps = boxEvent.window_timestamps_ms;
          const [first, last] = [timestamps[0] ?? 0, timestamps.at(-1) ?? 0];
          assert.equal(boxEvent.event_start_timestamp_ms, first);
          assert.equal(boxEvent.event_end_timestamp_ms, last + 16);
          const held = box.waveform(first, last);
          assert.deepEqual(held.timesMs, timestamps);
          const stored = await store.waveform(boxEvent.data_fs_filename);
          const { buffer, byteOffset, byteLength } = held.samples;
          assert.ok(stored?.equals(Buffer.from(buffer, byteOffset, byteLength)), `box ${id}: bytes differ`);
          const off = Math.abs(minimumVolts - test.minimum[id]) / test.minimum[id];
          assert.ok(off < 0.005, `box ${id}: lowest RMS ${minimumVolts} V, expected ${test.minimum[id]} V`);
        }
      });

      it('the events say who was asked and who replied', async () => {
        for await (const event of line().store.events()) {
          assert.equal(event.type, 'VOLTAGE_SAG');
          assert.ok(event.boxes_triggered.length > 0);
          assert.equal(event.latencies_ms?.length, event.boxes_received.length);
          assert.ok(event.target_event_end_timestamp_ms > event.target_event_start_timestamp_ms);
        }
      });

      it('no daemon ended, and no box was killed', () => {
        assert.deepEqual(line().deaths, []);
        for (const box of Object.values(line().boxes)) assert.ok(box.stats.cycles > 0);
      });
    });
  }
});
