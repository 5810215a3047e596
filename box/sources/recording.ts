/**
 * Converts a recording in volts, at any rate, to the counts that a 60 Hz box would have read: 12 kHz, 200 samples per cycle.
 *
 * A box takes 200 samples as one cycle, whatever the grid frequency is. An unchanged 50 Hz recording gives windows of five sixths of a
 * cycle, whose RMS oscillates. So by default a 50 Hz recording is played at 60/50 of its speed: each of its cycles becomes one cycle of
 * the box, sags keep their length in cycles, and its frequency reads 60 Hz where it was 50 Hz. `keepFrequency` plays it at its own speed,
 * as a 60 Hz box on a 50 Hz grid would see it.
 */
import { MakaiError } from '../../common/errors.js';
import { cycleRms, type Piece, resampleTimed } from '../../signal/index.js';
import {
  type CycleSource,
  DEFAULT_CALIBRATION,
  memorySource,
  SAMPLE_RATE,
  SAMPLES_PER_CYCLE,
  toCounts,
} from './source.js';

/** A channel of a recording, in volts. */
export interface Recording {
  /** file and channel, for messages */
  description: string;
  /** volts (primary or as recorded); pieces follow each other */
  pieces: Piece[];
  /** nominal frequency of the grid, Hz, if the file contains it */
  lineFrequencyHz?: number;
}

/** An hour and a half at 12 kHz, which takes 1 GB with its resampling. */
const MAX_SAMPLES = 12_000 * 5400;

export interface Scaling {
  /** scale the recording so that its nominal voltage becomes this, V RMS; without it the voltage is not changed */
  nominalV?: number;
  /** nominal voltage of the recording, V RMS; without it the median RMS of its cycles */
  recordedNominalV?: number;
  /** counts per volt of the simulated box */
  calibrationConstant?: number;
  /** true: play a 50 Hz recording at its own speed */
  keepFrequency?: boolean;
  /** nominal frequency of the grid, Hz, for a file that does not contain it (WAV, CSV); default 60 */
  lineFrequencyHz?: number;
}

/**
 * @throws MakaiError RECORDING_INVALID when it is shorter than a cycle, silent, or does not fit 16 bits after scaling
 */
export function recordingSource(recording: Recording, scaling: Scaling = {}): CycleSource {
  const { description } = recording;
  const calibration = scaling.calibrationConstant ?? DEFAULT_CALIBRATION;
  const volts = resampled(recording, scaling.keepFrequency ?? false);
  if (volts.length < SAMPLES_PER_CYCLE) {
    throw unusable(
      `${description}: shorter than one measurement: ${volts.length} samples at 12 kHz, less than a cycle of ${SAMPLES_PER_CYCLE}`,
      'If it is longer, its sampling rate or the unit of its times is not what the file says.',
    );
  }
  const factor =
    scaling.nominalV === undefined ? 1 : scaling.nominalV / nominalOf(volts, scaling, description);
  const { counts, clipped } = toCounts(
    volts.map((v) => v * factor),
    calibration,
  );
  if (clipped > 0) {
    throw unusable(
      `${description}: ${clipped} of ${counts.length} samples do not fit 16 bits`,
      'Give a lower nominal voltage, or a lower calibration constant.',
    );
  }
  return memorySource(counts, calibration, description);
}

function resampled(
  { description, pieces, lineFrequencyHz }: Recording,
  keepFrequency: boolean,
): Float64Array {
  // a higher speed means fewer output samples of the same recording
  const stretch = keepFrequency || lineFrequencyHz === undefined ? 1 : lineFrequencyHz / 60;
  const rate = SAMPLE_RATE * stretch;
  const seconds = pieces.reduce(
    (sum, { times }) => sum + (times[times.length - 1] ?? 0) - (times[0] ?? 0),
    0,
  );
  if (!(seconds * rate <= MAX_SAMPLES)) {
    throw unusable(
      `${description}: it lasts ${seconds.toPrecision(6)} s by its times, more than the ${MAX_SAMPLES / SAMPLE_RATE} s that can be replayed`,
    );
  }
  const parts = pieces.map((piece) => resampleTimed(piece, rate));
  const volts = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    volts.set(part, at);
    at += part.length;
  }
  return volts;
}

function nominalOf(volts: Float64Array, { recordedNominalV }: Scaling, description: string): number {
  if (recordedNominalV !== undefined) return recordedNominalV;
  const sorted = cycleRms(volts, SAMPLES_PER_CYCLE).sort();
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  if (!(median > 0)) throw unusable(`${description}: silent, so it has no nominal voltage to scale from`);
  return median;
}

/** An error about the content of a recording. */
export function unusable(message: string, hint = 'Check the file, its channel and the options.'): MakaiError {
  return new MakaiError('RECORDING_INVALID', message, { hint });
}
