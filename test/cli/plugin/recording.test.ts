import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_RECORDING,
  openPluginRecording,
  type RecordingOptions,
} from '../../../cli/plugin/recording.js';

describe('cli/plugin/recording', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-recording-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const START_MS = Date.UTC(2020, 0, 1);
  const RECORDED_MS = 1_795_315_500_000;
  const file = (name: string, lines: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const firstMs = (path: string, options: Partial<RecordingOptions> = {}): number => {
    const [first] = openPluginRecording(path, { ...DEFAULT_RECORDING, ...options }).frames;
    assert.ok(first);
    return first.timeMs;
  };

  it('uses the times of measurements, unless another start is given', () => {
    const path = file(
      'triggers',
      [0, 1000, 2000].map((ms) => `1 ${RECORDED_MS + ms} 120.0 60.0`),
    );
    const recorded = firstMs(path);
    assert.ok(Math.abs(recorded - RECORDED_MS) < 1000);
    assert.equal(firstMs(path, { startMs: START_MS }) - recorded, START_MS - RECORDED_MS);
  });

  it('uses the start of a waveform, unless another start is given', () => {
    const samples = Array.from({ length: 12_000 }, (_, i) => {
      const micros = String(Math.round((1e6 * i) / 12_000) % 1e6).padStart(6, '0');
      const time = `${new Date(RECORDED_MS + Math.floor(i / 12_000) * 1000).toISOString().slice(0, 19)}.${micros}Z`;
      return `${time},${(170 * Math.sin((2 * Math.PI * 60 * i) / 12_000)).toFixed(3)}`;
    });
    const path = file('waveform.csv', ['Time,Voltage (V)', ...samples]);
    const recorded = firstMs(path, { dialect: 2 });
    assert.ok(Math.abs(recorded - RECORDED_MS) < 1000, new Date(recorded).toISOString());
    assert.equal(firstMs(path, { dialect: 2, startMs: START_MS }) - recorded, START_MS - RECORDED_MS);
  });

  it('refuses cycle voltages that are fewer than one measurement', () => {
    const path = file('short.csv', ['device,t_s,vrms_V', ...[1, 2, 3].map((i) => `1,${i / 60},120.0`)]);
    assert.throws(() => openPluginRecording(path, DEFAULT_RECORDING), {
      code: 'RECORDING_INVALID',
      message: /shorter than one measurement: 3 cycles/,
    });
  });
});
