/** Raw signed 16-bit little-endian counts at 12 kHz: the bytes an OPQ event store keeps. Nothing in them says what they are. */
import { unreadable } from './problems.js';
import type { FileContent } from './recording.js';

/** Hz, of every OPQ Box */
const RATE_HZ = 12_000;

/** Little-endian bytes to counts on any machine; an odd byte at the end is left out. */
export function countsFromBytes(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = new Int16Array(Math.floor(bytes.byteLength / 2));
  for (let i = 0; i < counts.length; i += 1) counts[i] = view.getInt16(2 * i, true);
  return counts;
}

/** Mean square of the step between two samples, against that of the samples: 0.001 for a line voltage at 12 kHz, 2 for bytes at random. */
const ROUGH = 0.5;

/** Whether bytes can be samples of a line voltage: nothing in them says so, but neighbours lie near each other. */
export function looksLikeCounts(bytes: Uint8Array): boolean {
  if (bytes.length % 2 !== 0) return false;
  const counts = countsFromBytes(bytes);
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  let steps = 0;
  let power = 0;
  for (let i = 1; i < counts.length; i += 1) {
    const count = counts[i] ?? 0;
    steps += (count - (counts[i - 1] ?? 0)) ** 2;
    power += (count - mean) ** 2;
  }
  return steps <= ROUGH * power || power === 0;
}

/**
 * Counts as a recording of one channel, `raw`, without a start.
 * @param countsPerVolt calibration constant of the box that recorded it
 * @throws MakaiError RECORDING_INVALID for bytes that are no samples of a waveform
 */
export function readRaw(bytes: Uint8Array, file: string, countsPerVolt: number): FileContent {
  if (bytes.length === 0 || !looksLikeCounts(bytes)) {
    throw unreadable(
      { file },
      'is no recording that can be read, and its bytes are no 16-bit samples of a waveform either',
      'Raw counts are signed, 16 bits, little endian, at 12 kHz.',
    );
  }
  const samples = countsFromBytes(bytes);
  const channel = {
    ...{ name: 'raw', phase: '', component: '', unit: 'V' },
    ...{ samples, scale: 1 / countsPerVolt, offset: 0, skewS: 0 },
    time: { kind: 'rates' as const, startS: 0, sections: [{ count: samples.length, rateHz: RATE_HZ }] },
  };
  const recording = {
    ...{ name: '', station: '', device: '', start: undefined, nominalFrequencyHz: undefined },
    ...{ analog: [channel], digital: [], series: [], metadata: {} },
  };
  return { format: 'raw', recordings: [recording], warnings: [] };
}
