/** Opens what a box is to replay, by the kind of file. */
import path from 'node:path';
import { readComtrade } from './comtrade/index.js';
import { type CsvOptions, readCsv } from './csv.js';
import { scenarioSources } from './generator.js';
import { loadScenario, recordingPath, SHIPPED_SCENARIOS } from './load-scenario.js';
import { padded } from './pad.js';
import { rawSource } from './raw.js';
import { type Recording, recordingSource, type Scaling, unusable } from './recording.js';
import { type CycleSource, DEFAULT_CALIBRATION } from './source.js';
import { readWav } from './wav.js';

export interface OpenOptions extends Scaling, Pick<CsvOptions, 'channel' | 'sampleRate' | 'timeColumn'> {
  /** side of the instrument transformer, for COMTRADE */
  side?: 'primary' | 'secondary';
  /** volts of full scale, for WAV */
  fullScaleV?: number;
  /** cycles of good voltage before and after: the recording's own first and last, repeated */
  padCycles?: number;
}

/**
 * `demo` and `quiet`, where there is no file of the name: a scenario that ships; `.json`: a scenario; `.cfg` and `.cff`: COMTRADE; `.wav`; `.csv`; any other: raw 16-bit counts at 12 kHz.
 * @returns the source of the box at each position from 1 on: one and the same for a recording
 * @throws MakaiError RECORDING_INVALID, SCENARIO_INVALID, CONFIG_UNREADABLE (a scenario)
 */
export function openSources(name: string, options: OpenOptions = {}): (position: number) => CycleSource {
  const file = recordingPath(name);
  if (path.extname(file).toLowerCase() === '.json') return scenarioSources(loadScenario(file));
  const pad = options.padCycles ?? 0;
  const source = padded(readable(file, options), pad, pad);
  return () => source;
}

/** @throws MakaiError RECORDING_INVALID also where the system's error is that the file cannot be read */
function readable(file: string, options: OpenOptions): CycleSource {
  try {
    return openRecording(file, options);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw unusable(
      `${file} cannot be read: ${error.message}`,
      `Check the path; scenarios that ship: ${SHIPPED_SCENARIOS.join(', ')}.`,
    );
  }
}

function openRecording(file: string, options: OpenOptions): CycleSource {
  switch (path.extname(file).toLowerCase()) {
    case '.cfg':
    case '.cff':
      return recordingSource(readComtrade(file, options), options);
    case '.wav':
      return recordingSource(named(readWav(file, options), options), options);
    case '.csv':
      return recordingSource(named(readCsv(file, options), options), options);
    default:
      if (options.nominalV !== undefined)
        throw unusable(`${file}: raw counts are replayed as they are`, 'Leave out the nominal voltage.');
      return rawSource(file, options.calibrationConstant ?? DEFAULT_CALIBRATION);
  }
}

/** WAV and CSV do not say the frequency of the mains. */
function named(recording: Recording, { lineFrequencyHz }: OpenOptions): Recording {
  return lineFrequencyHz === undefined ? recording : { ...recording, lineFrequencyHz };
}
