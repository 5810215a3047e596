/** Opens what a plugin is to be replayed, by name or kind of file. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import {
  CYCLE_MS,
  CYCLES_PER_SECOND,
  loadScenario,
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
import { isGzip, unpack } from '../../formats/index.js';
import type { Reference } from '../../store/reference.js';
import type { BoxDocument } from '../../store/store.js';
import { readBoxesFile } from './boxes-file.js';
import { checkup } from './checkup.js';
import { frameOf, merge } from './frames.js';
import { isStoredMeasurements, parseStoredMeasurements } from './stored-rows.js';

export interface RecordingOptions
  extends Omit<OpenOptions, 'keepFrequency' | 'recordedNominalV' | 'lineFrequencyHz'> {
  /** what the boxes are that measure a waveform; `mixed`: in turn */
  dialect: 2 | 3 | 'mixed';
  /** boxes that see a scenario; a recorded waveform is one box's */
  boxes: number;
  /** id of the first box of a waveform */
  firstId: number;
  /** when it begins, Unix ms; undefined: as the recording says, and DEFAULT_START_MS where it does not */
  startMs?: number | undefined;
  /** also a recording of more than a day of samples */
  isLongAllowed?: boolean;
  /** records of boxes (boxes-file.ts), in place of what the scenario says */
  boxesFile?: string;
}

const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

export const DEFAULT_RECORDING: RecordingOptions = {
  dialect: 'mixed',
  boxes: 2,
  firstId: 1001,
};

export interface PluginRecording {
  description: string;
  /** in order of time */
  frames: Iterable<MeasuredFrame>;
  /** what is odd in the file */
  warnings: readonly string[];
  /** records of boxes, as the store would have them */
  boxes: readonly BoxDocument[];
  /** of the grid, where a scenario says it */
  reference?: Reference;
}

/** Name of the recording made to find a plugin's weak places (checkup.ts). */
export const CHECKUP = 'checkup';

/** Cycles in a row of `device,t_s,vrms_V` that make one measurement: as a Box 2 or a Box 3 as shipped. */
const WINDOW_CYCLES = { 2: 10, 3: 60 };
const DAY_CYCLES = 86_400 * CYCLES_PER_SECOND;

/**
 * @param name `checkup`; a scenario that ships (`demo`, `quiet`); or a file: `.json` scenario, `.csv` of cycle voltages
 *   (`device,t_s,vrms_V`), text `box epoch_ms Vrms Hz`, measurements of `makai measurements`, a recording that formats/ reads, else raw 16-bit counts
 * @throws MakaiError RECORDING_INVALID, SCENARIO_INVALID, CONFIG_UNREADABLE
 */
export function openPluginRecording(name: string, options: RecordingOptions): PluginRecording {
  const recording = opened(name, options);
  return options.boxesFile === undefined
    ? recording
    : { ...recording, boxes: readBoxesFile(options.boxesFile) };
}

function opened(name: string, options: RecordingOptions): PluginRecording {
  if (name === CHECKUP)
    return {
      description: 'built-in checkup',
      frames: checkup(options.startMs ?? DEFAULT_START_MS),
      warnings: [],
      boxes: [],
    };
  const file = recordingPath(name);
  const head = beginning(file);
  if (isStoredMeasurements(head)) return ofStored(name, parseStoredMeasurements(textOf(file), file));
  if (/^device,\s*t_s,\s*vrms_V/i.test(head)) return ofRows(name, cycleVoltages(file, options), 3);
  if (/^\s*\d+\s+\d{9,}\s+[\d.]+\s+[\d.]+\s*$/m.test(head.split('\n')[0] ?? '')) {
    return ofRows(name, startingAt(options.startMs, parseTriggeringStream(textOf(file), file)), 2);
  }
  return ofWaveforms(name, file, options);
}

function cycleVoltages(file: string, { dialect, startMs }: RecordingOptions): ReplayRow[] {
  const generation = dialect === 'mixed' ? 2 : dialect;
  const text = textOf(file);
  const cycles = WINDOW_CYCLES[generation];
  const rows = parseCycleVoltages(text, cycles, startMs ?? DEFAULT_START_MS, file);
  if (rows.length === 0) throw tooShort(file, text.trim().split('\n').length - 1, generation);
  return rows;
}

/** Measurements have times of their own: they are moved as a whole. */
function startingAt(startMs: number | undefined, rows: ReplayRow[]): ReplayRow[] {
  if (startMs === undefined) return rows;
  const first = rows.reduce((earliest, { timeMs }) => Math.min(earliest, timeMs), Number.POSITIVE_INFINITY);
  return rows.map((row) => ({ ...row, timeMs: row.timeMs - first + startMs }));
}

/** @param dialect 3 where metrics are missing, which only a Box 3 can leave out */
function ofRows(description: string, rows: ReplayRow[], dialect: 2 | 3): PluginRecording {
  rows.sort((a, b) => a.timeMs - b.timeMs);
  return { description, frames: rows.map((row) => frameOf(row, dialect)), warnings: [], boxes: [] };
}

/** A Box 2 sends frequency and voltage always, one value each, and no transients; other rows are those of a Box 3. */
function ofStored(description: string, rows: ReplayRow[]): PluginRecording {
  rows.sort((a, b) => a.timeMs - b.timeMs);
  const frames = rows.map((row) => {
    const { f, rms, trans } = row;
    const isBox2 = f !== undefined && rms !== undefined && trans === undefined && rms.min === rms.max;
    return frameOf(row, isBox2 ? 2 : 3);
  });
  return { description, frames, warnings: [], boxes: [] };
}

function ofWaveforms(name: string, file: string, options: RecordingOptions): PluginRecording {
  const { dialect, firstId, boxes, ...opening } = options;
  const { startMs: givenMs, ...playing } = opening;
  const { kind, sourceAt, startMs: recordedMs, warnings } = openPlayable(file, playing);
  if (kind === 'counts' && options.calibrationConstant === undefined) {
    throw new MakaiError('RECORDING_INVALID', `${file}: raw counts say nothing of volts`, {
      hint: 'Give --calibration, the counts per volt of the box.',
    });
  }
  const padMs = (options.padCycles ?? 0) * CYCLE_MS;
  const startMs = givenMs ?? (recordedMs === undefined ? DEFAULT_START_MS : recordedMs - padMs);
  const streams = Array.from({ length: kind === 'scenario' ? boxes : 1 }, (_, i) => {
    const generation = dialect === 'mixed' ? (i % 2 === 0 ? 2 : 3) : dialect;
    const source = sourceAt(i + 1);
    if (source.cycles < WINDOW_CYCLES[generation]) throw tooShort(file, source.cycles, generation);
    if (source.cycles > DAY_CYCLES && options.isLongAllowed !== true) throw tooLong(file, source.cycles);
    return measure(source, { boxId: firstId + i, dialect: generation, startMs });
  });
  const when = recordedMs === undefined ? '' : `, recorded ${new Date(recordedMs).toISOString()}`;
  const recording = { description: `${name}${when}`, frames: merge(streams), warnings };
  if (kind !== 'scenario') return { ...recording, boxes: [] };
  const { grid } = loadScenario(file);
  return {
    ...recording,
    reference: { voltage: grid.voltage_v, frequency: grid.frequency_hz },
    boxes: streams.map((_, i) => ({
      box_id: String(firstId + i),
      calibration_constant: grid.calibration_constant,
      unplugged: false,
      location: 'demo',
    })),
  };
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

function tooLong(file: string, cycles: number): MakaiError {
  const days = (cycles / DAY_CYCLES).toFixed(1);
  return new MakaiError('RECORDING_TOO_LONG', `${file}: ${days} days of samples, which takes long to play`, {
    hint: '--long plays it all the same.',
  });
}

/** The text of a file, also when it was compressed with gzip. */
function textOf(file: string): string {
  const bytes = readFileSync(file);
  return Buffer.from(isGzip(bytes) ? unpack(bytes, file) : bytes).toString('utf8');
}

/** The first characters of a file. */
function beginning(file: string): string {
  try {
    const opened = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(512);
      const count = readSync(opened, bytes);
      return isGzip(bytes) ? textOf(file).slice(0, 512) : bytes.toString('utf8', 0, count);
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
