/** A grid of 120 V, 60 Hz, and what the tests ask of their analysis. */
import assert from 'node:assert/strict';
import {
  type AnalyseOptions,
  analyseWaveform,
  type IncidentCandidate,
  type WaveformAnalysis,
} from '../../../signal/index.js';
import { dip, type Wave, wave } from '../waves.js';

export const RATE = 12_000;
export const OPTIONS: AnalyseOptions = {
  rate: RATE,
  nominalVoltage: 120,
  nominalFrequency: 60,
  calibration: 1,
  startMs: 1_000_000,
};
export const GRID: Wave = {
  rate: RATE,
  seconds: 2,
  hz: 60.01,
  noise: 0.12,
  step: 0.01,
  harmonics: [
    [3, 0.015],
    [5, 0.02, 80],
  ],
};

export const analysed = (spec: Partial<Wave>, options: Partial<AnalyseOptions> = {}): WaveformAnalysis =>
  analyseWaveform(wave({ ...GRID, ...spec }), { ...OPTIONS, ...options });

export function only({ incidents, remarks }: WaveformAnalysis): IncidentCandidate {
  assert.equal(incidents.length, 1, JSON.stringify(incidents));
  assert.deepEqual(remarks, []);
  const [incident] = incidents;
  assert.ok(incident !== undefined);
  return incident;
}

export const level = (from: number, to: number, pu: number): ((t: number) => number) => {
  const share = dip(RATE, from, to, pu);
  return (t) => 120 * share(t);
};

export const near = (actual: number, expected: number, allowed: number): void =>
  assert.ok(Math.abs(actual - expected) <= allowed, `${actual}, expected ${expected} ± ${allowed}`);

export const field = (incident: IncidentCandidate, key: string): Record<string, unknown> =>
  incident.metadata[key] as Record<string, unknown>;
