/** Waveforms classified by direct calls in a loop: in this thread, or in several threads at the same time. This file is also the threads' script. */
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { analyseWaveform } from '../../signal/index.js';

export const SECONDS = 2;
export const CALIBRATION = 146;
const REPEATS = 1000;
const WARM_UP = 100;
const SCRIPT = fileURLToPath(import.meta.url);

/** A sag of 0.3 s, on a grid with a little distortion. */
export function sag(): Int16Array {
  return Int16Array.from({ length: 12_000 * SECONDS }, (_, i) => {
    const t = i / 12_000;
    const pu = t > 0.8 && t < 1.1 ? 0.7 : 1;
    const sine = Math.sin(2 * Math.PI * 60 * t) + 0.02 * Math.sin(2 * Math.PI * 300 * t);
    return Math.round(CALIBRATION * 120 * Math.SQRT2 * pu * sine);
  });
}

/** @returns waveforms per second in one thread */
export function bareRate(repeats = REPEATS): number {
  const samples = sag();
  const options = {
    ...{ rate: 12_000, nominalVoltage: 120, nominalFrequency: 60 },
    ...{ calibration: CALIBRATION, startMs: 1_795_315_200_000 },
  };
  for (let i = 0; i < WARM_UP; i += 1) analyseWaveform(samples, options);
  const start = performance.now();
  for (let i = 0; i < repeats; i += 1) analyseWaveform(samples, options);
  return (1000 * repeats) / (performance.now() - start);
}

/** @returns waveforms per second of all threads together */
export async function bareRateOfThreads(threads: number, repeats = REPEATS): Promise<number> {
  const rates = Array.from({ length: threads }, async () => {
    const worker = new Worker(SCRIPT, { workerData: { bareRepeats: repeats }, execArgv: [] });
    const rate = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    return rate;
  });
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

if (!isMainThread && typeof workerData?.bareRepeats === 'number')
  parentPort?.postMessage(bareRate(workerData.bareRepeats as number));
