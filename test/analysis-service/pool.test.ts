import assert from 'node:assert/strict';
import type { WaveformInput } from '../../analysis-service/waveforms/input.js';
import { AnalysisPool } from '../../analysis-service/waveforms/pool.js';
import { CALIBRATION, RATE, START, waveform } from './given.js';

function input(samples: Int16Array): WaveformInput {
  const options = {
    ...{ rate: RATE, nominalVoltage: 120, nominalFrequency: 60 },
    ...{ calibration: CALIBRATION, startMs: START },
  };
  return { samples: new Int16Array(samples.buffer as ArrayBuffer), options, runs: [] };
}

describe('analysis-service: the pool of threads', () => {
  it('what cannot cross to a thread fails by itself, and its thread has the next job', async () => {
    const pool = new AnalysisPool(1);
    try {
      const samples = waveform(0.2);
      // Two waveforms in one buffer: it cannot be handed over twice.
      const twice = { waveforms: [input(samples), input(samples)] };
      await assert.rejects(pool.run(twice), { name: 'DataCloneError' });
      await assert.rejects(pool.run(twice), { name: 'DataCloneError' });
      const [analysed] = await pool.run({ waveforms: [input(waveform(0.5))] });
      assert.ok(analysed);
      assert.equal(pool.threads, 1);
    } finally {
      await pool.stop();
    }
  });
});
