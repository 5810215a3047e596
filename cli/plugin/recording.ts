/** Opens what a plugin is to be replayed, by name or kind of file. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import {
  CYCLE_MS,
  type MeasuredFrame,
  measure,
  type OpenOptions,
  openPlayable,
  parseCycleVoltages,
  parseTriggeringStream,
  type ReplayRow,
  recordingPath,
  SHIPPED_SCENARIOS,
} from '../../box/index.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import { checkup } from './checkup.js';
import { frameOf, merge } from './frames.js';

export interface RecordingOptions
  extends Omit<OpenOptions, 'keepFrequency' | 'recordedNominalV' | 'lineFrequencyHz'> {
  /** what the boxes are that measure a waveform; `mixed`: in turn */
  dialect: 2 | 3 | 'mixed';
  /** boxes that see a scenario; a recorded waveform is one box's */
  boxes: number;
  /** id of the first box of a waveform */
  firstId: number;
  /** when a recording that does not say begins, Unix ms */
  startMs: number;
}

export const DEFAULT_RECORDING: RecordingOptions = {
  dialect: 'mixed',
  boxes: 2,
  firstId: 1001,
  startMs: Date.UTC(2026, 0, 1),
};

export interface PluginRecording {
  description: string;
  /** in order of time */
  frames: Iterable<MeasuredFrame>;
  /** what is odd in the file */
  warnings: readonly string[];
}

/** Name of the recording made to find a plugin's weak places (checkup.ts). */
export const CHECKUP = 'checkup';

/** Cycles in a row of `device,t_s,vrms_V` that make one measurement: as a Box 2 or a Box 3 as shipped. */
const WINDOW_CYCLES = { 2: 10, 3: 60 };

/**
 * @param name `checkup`; a scenario that ships (`demo`, `quiet`); or a file: `.json` scenario, `.csv` of cycle voltages
 *   (`device,t_s,vrms_V`), text `box epoch_ms Vrms Hz`, COMTRADE, WAV, CSV of samples, else raw 16-bit counts
 * @throws MakaiError RECORDING_INVALID, SCENARIO_INVALID, CONFIG_UNREADABLE
 */
export function openPluginRecording(name: string, options: RecordingOptions): PluginRecording {
  if (name === CHECKUP)
    return { description: 'built-in checkup', frames: checkup(options.startMs), warnings: [] };
  const file = recordingPath(name);
  const head = beginning(file);
  if (/^device,\s*t_s,\s*vrms_V/i.test(head)) return ofRows(name, cycleVoltages(file, options), 3);
  if (/^\s*\d+\s+\d{9,}\s+[\d.]+\s+[\d.]+\s*$/m.test(head.split('\n')[0] ?? '')) {
    return ofRows(name, parseTriggeringStream(readFileSync(file, 'utf8'), file), 2);
  }
  return ofWaveforms(name, file, options);
}

function cycleVoltages(file: string, { dialect, startMs }: RecordingOptions): ReplayRow[] {
  const cycles = WINDOW_CYCLES[dialect === 'mixed' ? 2 : dialect];
  return parseCycleVoltages(readFileSync(file, 'utf8'), cycles, startMs, file);
}

/** @param dialect 3 where metrics are missing, which only a Box 3 can leave out */
function ofRows(description: string, rows: ReplayRow[], dialect: 2 | 3): PluginRecording {
  rows.sort((a, b) => a.timeMs - b.timeMs);
  return { description, frames: rows.map((row) => frameOf(row, dialect)), warnings: [] };
}

function ofWaveforms(name: string, file: string, options: RecordingOptions): PluginRecording {
  const { dialect, firstId, boxes, ...opening } = options;
  const { kind, sourceAt, startMs: recordedMs, warnings } = openPlayable(file, opening);
  if (kind === 'counts' && options.calibrationConstant === undefined) {
    throw new MakaiError('RECORDING_INVALID', `${file}: raw counts say nothing of volts`, {
      hint: 'Give --calibration, the counts per volt of the box.',
    });
  }
  const startMs =
    recordedMs === undefined ? options.startMs : recordedMs - (options.padCycles ?? 0) * CYCLE_MS;
  const streams = Array.from({ length: kind === 'scenario' ? boxes : 1 }, (_, i) => {
    const generation = dialect === 'mixed' ? (i % 2 === 0 ? 2 : 3) : dialect;
    const source = sourceAt(i + 1);
    if (source.cycles < WINDOW_CYCLES[generation]) throw tooShort(file, source.cycles, generation);
    return measure(source, { boxId: firstId + i, dialect: generation, startMs });
  });
  const when = recordedMs === undefined ? '' : `, recorded ${new Date(recordedMs).toISOString()}`;
  return { description: `${name}${when}`, frames: merge(streams), warnings };
}

function tooShort(file: string, cycles: number, generation: 2 | 3): MakaiError {
  const window = WINDOW_CYCLES[generation];
  return new MakaiError(
    'RECORDING_INVALID',
    `${file}: shorter than one measurement: ${cycles} cycles, a Box ${generation} measures ${window} at a time`,
    {
      hint: `Repeat its first and last cycle (--pad ${window})${generation === 3 ? ', or let a Box 2 measure it (--dialect 2)' : ''}.`,
    },
  );
}

/** The first characters of a file. */
function beginning(file: string): string {
  try {
    const opened = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(512);
      return bytes.toString('utf8', 0, readSync(opened, bytes));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    throw new MakaiError('RECORDING_INVALID', `${file} cannot be read: ${messageOf(error)}`, {
      hint: `Check the path; names of recordings that ship: ${[...SHIPPED_SCENARIOS, CHECKUP].join(', ')}.`,
      cause: error,
    });
  }
}
