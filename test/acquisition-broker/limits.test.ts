import assert from 'node:assert/strict';
import type * as proto from '../../proto/index.js';
import { type FakeBox, type FakeClient, type Rig, startRig, until } from './rig.js';

/** The longest window is 100 ms here, 7 cycles at 70 Hz: four times as many and 100 to spare, 250 samples each. */
const MAX_CYCLES = 128;
const MAX_SAMPLES = MAX_CYCLES * 250;

describe('acquisition broker: limits of a reply', () => {
  let rig: Rig;
  let client: FakeClient;
  let box: FakeBox;

  before(async () => {
    rig = await startRig({ boxes: [7], config: { max_window_ms: 100 } });
    client = await rig.client();
    box = await rig.box(7, 3);
  });
  after(() => rig.stop());

  function waveform(cycles: number, samplesEach: number, endMs: number): proto.Waveform {
    const indexes = Array.from({ length: cycles }, (_, i) => i);
    return {
      timesMs: indexes.map((i) => endMs - cycles + i),
      cycleLengths: indexes.map(() => samplesEach),
      samples: new Int16Array(cycles * samplesEach),
    };
  }

  for (const [what, cycles, samplesEach] of [
    ['cycles', MAX_CYCLES + 1, 1],
    ['samples', 10, MAX_SAMPLES / 10 + 1],
  ] as const) {
    it(`more ${what} than the limit: dropped and counted; at the limit it is stored`, async () => {
      const endMs = Date.now() - 1000;
      await client.request({ startMs: endMs - 90, endMs, boxIds: [7] });
      const number = await client.evnew();
      const command = await box.command(number);
      const before = rig.rejected('malformed_waveform');
      await box.answerData(command, waveform(cycles, samplesEach, endMs));
      await until(() => rig.rejected('malformed_waveform') === before + 1);
      assert.deepEqual(await rig.store.boxEvents(number), []);
      const fits = what === 'cycles' ? waveform(MAX_CYCLES, 1, endMs) : waveform(10, MAX_SAMPLES / 10, endMs);
      await box.answerData(command, fits);
      await rig.stored(number, 1);
    });
  }
});
