/** Opens what a box is to replay, by what is in the file. */
import {
  looksLikeCounts,
  momentText,
  momentToMs,
  type Opened,
  openRecording,
  piecesOf,
  type ReadOptions,
  readOpened,
  type VoltageOptions,
  voltageOf,
  warningText,
} from '../../formats/index.js';
import { scenarioSources } from './generator.js';
import { loadScenario, recordingPath, SHIPPED_SCENARIOS } from './load-scenario.js';
import { padded } from './pad.js';
import { rawSourceOf } from './raw.js';
import { recordingSource, type Scaling, unusable } from './recording.js';
import { type CycleSource, DEFAULT_CALIBRATION } from './source.js';

export interface OpenOptions
  extends Scaling,
    Pick<VoltageOptions, 'channel' | 'side'>,
    Pick<ReadOptions, 'sampleRate' | 'timeColumn' | 'separator' | 'decimal' | 'encoding' | 'fullScaleV'> {
  /** cycles of good voltage before and after: the recording's own first and last, repeated */
  padCycles?: number;
}

/** Something to replay. */
export interface Playable {
  kind: 'scenario' | 'recording' | 'counts';
  /** the source of the box at each position from 1 on: one and the same for a recording */
  sourceAt(position: number): CycleSource;
  /** Unix ms of its first cycle, where the file says when it was recorded */
  startMs: number | undefined;
  /** what is odd in the file, as sentences with file and place */
  warnings: readonly string[];
}

/**
 * `demo` and `quiet`, where there is no file of the name: a scenario that ships; JSON: a scenario; a recording of any format that `formats/` reads; else, where the bytes look like it, raw 16-bit counts at 12 kHz.
 * @throws MakaiError RECORDING_INVALID, SCENARIO_INVALID, CONFIG_UNREADABLE (a scenario)
 */
export function openPlayable(name: string, options: OpenOptions = {}): Playable {
  const file = recordingPath(name);
  if (/\.json$/i.test(file)) return scenario(file);
  const opened = opening(file);
  if (opened.kind === 'json') return scenario(file);
  if (opened.kind === undefined && opened.looks === 'binary') return counts(opened, options);
  return recording(opened, options);
}

/** As `openPlayable`, of which only the sources are wanted. */
export function openSources(file: string, options: OpenOptions = {}): (position: number) => CycleSource {
  return openPlayable(file, options).sourceAt;
}

/** @throws MakaiError RECORDING_INVALID also where the system's error is that the file cannot be read */
function opening(file: string): Opened {
  try {
    return openRecording(file);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw unusable(
      `${file} cannot be read: ${error.message}`,
      `Check the path; scenarios that ship: ${SHIPPED_SCENARIOS.join(', ')}.`,
    );
  }
}

function scenario(file: string): Playable {
  return {
    kind: 'scenario',
    sourceAt: scenarioSources(loadScenario(file)),
    startMs: undefined,
    warnings: [],
  };
}

function counts({ file, bytes }: Opened, options: OpenOptions): Playable {
  if (options.nominalV !== undefined) {
    throw unusable(`${file}: raw counts are replayed as they are`, 'Leave out the nominal voltage.');
  }
  if (!looksLikeCounts(bytes)) {
    throw unusable(
      `${file}: is no recording that can be read, and its bytes are no 16-bit samples of a waveform either`,
      'Raw counts are signed, 16 bits, little endian, at 12 kHz.',
    );
  }
  const source = rawSourceOf(bytes, options.calibrationConstant ?? DEFAULT_CALIBRATION, file);
  return playable('counts', source, options, undefined, []);
}

function recording(opened: Opened, options: OpenOptions): Playable {
  const { file } = opened;
  const voltage = voltageOf(readOpened(opened, options), file, options);
  const lineFrequencyHz = voltage.nominalFrequencyHz ?? options.lineFrequencyHz;
  const { start } = voltage;
  const when = start === undefined ? '' : `, recorded ${momentText(start)}`;
  const source = recordingSource(
    {
      description: `${file} channel ${voltage.channel.name}${when}`,
      pieces: piecesOf(voltage),
      ...(lineFrequencyHz !== undefined && { lineFrequencyHz }),
    },
    options,
  );
  const startMs = start === undefined ? undefined : momentToMs(start);
  return playable('recording', source, options, startMs, voltage.warnings.map(warningText));
}

function playable(
  kind: Playable['kind'],
  source: CycleSource,
  { padCycles = 0 }: OpenOptions,
  startMs: number | undefined,
  warnings: readonly string[],
): Playable {
  const whole = padded(source, padCycles, padCycles);
  return { kind, sourceAt: () => whole, startMs, warnings };
}
