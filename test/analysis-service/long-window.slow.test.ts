/** The longest window that a box sends, ten minutes, through the whole service as it is installed: how much memory that takes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { unitEnvironment } from '../../scripts/unit-environment.js';
import { all } from '../store/contract/given.js';
import { givenAnalysis, storeWaveform, waveform } from './given.js';
import { CHILD, type WorkedOff } from './long-window-child.js';

const SECONDS = 600;
const SAMPLES = 7_200_000;
const MOST_MB = 300;
const CYCLE_MS = 1000 / 60;
/** At the start, at the end, and one of minutes: its samples are kept beside it. */
const SAGS = [
  { fromS: 1, toS: 1.2, pu: 0.7 },
  { fromS: 120, toS: 300, pu: 0.8 },
  { fromS: 590, toS: 590.5, pu: 0.5 },
];

describe('analysis-service: ten minutes of waveform', function () {
  this.timeout(600_000);
  const given = givenAnalysis();

  it(`${SAMPLES} samples take less than ${MOST_MB} MB, all of the process`, async () => {
    const { file, store } = given();
    const samples = waveform(SECONDS, SAGS);
    assert.equal(samples.length, SAMPLES);
    await storeWaveform(store, 1, '1', samples);
    const env = { ...process.env, ...unitEnvironment('analysis-service') };
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, file], { env });
    const { memoryMb, seconds } = JSON.parse(stdout) as WorkedOff;
    process.stdout.write(`      ${seconds.toFixed(1)} s, ${memoryMb.toFixed(0)} MB at most\n`);
    assert.equal(await store.countWaitingWaveforms(1), 0);
    const found = await all(store.incidents());
    assert.deepEqual(
      found.map(({ classifications }) => classifications[0]),
      ['VOLTAGE_SAG', 'UNDERVOLTAGE', 'VOLTAGE_SAG'],
    );
    for (const [i, { fromS, toS }] of SAGS.entries()) {
      const { end_timestamp_ms: endMs = 0, start_timestamp_ms: startMs = 0 } = found[i] ?? {};
      assert.ok(Math.abs(endMs - startMs - 1000 * (toS - fromS)) < CYCLE_MS, `${endMs - startMs} ms`);
    }
    assert.ok(memoryMb < MOST_MB, `${memoryMb} MB`);
  });
});
